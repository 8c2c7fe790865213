import type { Lookups } from './lookups.ts'
import type { Looked } from './render.ts'

/** Looks names up again when their answers are too old. */
export type NameWatch = {
  /** From now on these; calls back once when one of them has another answer. */
  follow(names: Looked['names']): void
  stop(): void
}

export function watchNames(lookups: Lookups, onChange: () => void): NameWatch {
  let timer: NodeJS.Timeout | undefined
  let followed: Looked['names'] = new Map()
  const arm = (names: Looked['names']) => {
    const inMs = lookups.staleInMs(names.keys())
    if (inMs !== undefined) timer = setTimeout(() => void look(names), inMs)
  }
  const look = async (names: Looked['names']) => {
    const now = await lookups.answers(names.keys())
    if (names !== followed) return
    const same = names.keys().every((name) => sameAnswer(names.get(name), now.get(name)))
    if (same) arm(names)
    else onChange()
  }
  const follow = (names: Looked['names']) => {
    clearTimeout(timer)
    followed = names
    arm(names)
  }
  return { follow, stop: () => follow(new Map()) }
}

function sameAnswer(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
