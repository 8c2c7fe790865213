import { collectGarbage } from '../../core/garbage.ts'

/** So many routes leave some ten MB behind when they are read. */
const many = 1000
const quietMs = 5000

/** Tidies up on the main thread, for which no request waits, when much was read and nothing more comes. */
export function tidying() {
  // the start itself is much
  let changed = many
  let timer: NodeJS.Timeout | undefined

  return {
    /** So many routes have changed. */
    after(changes: number): void {
      changed += changes
      if (changed < many) return
      clearTimeout(timer)
      timer = setTimeout(() => {
        changed = 0
        collectGarbage()
      }, quietMs).unref()
    },
    stop(): void {
      clearTimeout(timer)
    },
  }
}
