import { collectGarbage } from '../../core/garbage.ts'

/** So many routes leave some ten MB behind when they are read. */
const many = 1000
const quietMs = 5000

/**
 * Tidies up on the main thread once, when the start is over and nothing much comes any more. Not again later: nobody
 * hears of Docker's events meanwhile.
 */
export function tidying() {
  let isDone = false
  let timer: NodeJS.Timeout | undefined

  return {
    /** So many routes have changed. */
    after(changes: number): void {
      if (isDone || (timer !== undefined && changes < many)) return
      clearTimeout(timer)
      timer = setTimeout(() => {
        isDone = true
        collectGarbage()
      }, quietMs).unref()
    },
    stop(): void {
      clearTimeout(timer)
    },
  }
}
