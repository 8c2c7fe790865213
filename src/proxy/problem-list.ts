import { compare } from '../core/catalog.ts'
import type { Problem } from '../core/problems.ts'

/** Problems of many parts, most of which have none. */
export type ProblemList = {
  /** Replaces what `part` had. */
  set(part: string, problems: readonly Problem[]): void
  /** All of them, each once, sorted; the same list until something is set. */
  list(): readonly Problem[]
}

export function problemList(): ProblemList {
  const parts = new Map<string, readonly Problem[]>()
  let made: readonly Problem[] | undefined
  return {
    set(part, problems) {
      if (problems.length === 0 && !parts.has(part)) return
      made = undefined
      if (problems.length > 0) parts.set(part, problems)
      else parts.delete(part)
    },
    list() {
      made ??= unique([...parts.values()].flat())
      return made
    },
  }
}

function unique(problems: readonly Problem[]): Problem[] {
  const byText = new Map(problems.map((one) => [JSON.stringify(one), one]))
  return [...byText.values()].toSorted(
    (a, b) => compare(a.where, b.where) || compare(a.what, b.what) || compare(a.why, b.why),
  )
}
