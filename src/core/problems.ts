import { live, type Live } from './live.ts'

/** Something that does not work as its owner meant it to. Everything else goes on. */
export type Problem = {
  /** `error`: this item is out of service; `warning`: it works, but not as wanted; `note`: worth knowing. */
  readonly severity: 'error' | 'warning' | 'note'
  /** The thing at fault: `container shop-web-1`, `key /portolan/routes/x`, `setting --advertise`. */
  readonly where: string
  /** What is wrong, with the value. */
  readonly what: string
  readonly why: string
  /** What to write or do instead. */
  readonly remedy: string
}

/** One component's list of problems, replaced whole; keyed by the component's part. */
export type ProblemBoard = {
  readonly problems: Live<readonly Problem[]>
  /** Replaces what `part` reported before. An empty list takes it back. */
  readonly report: (part: string, problems: readonly Problem[]) => void
}

export function problemBoard(): ProblemBoard {
  const parts = new Map<string, readonly Problem[]>()
  const problems = live<readonly Problem[]>([])
  return {
    problems,
    report(part, list) {
      const before = parts.get(part) ?? []
      if (JSON.stringify(before) === JSON.stringify(list)) return
      if (list.length === 0) parts.delete(part)
      else parts.set(part, list)
      problems.set([...parts.values()].flat())
    },
  }
}
