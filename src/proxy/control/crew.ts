import type { Log } from '../../core/log.ts'
import type { Problem } from '../../core/problems.ts'
import type { RouteChange } from '../changes.ts'
import type { CommonStart, Secure } from '../feed.ts'
import type { Bound, Listener } from '../listener.ts'
import type { Lost } from '../memory.ts'
import { acceptMs } from '../servers.ts'
import type { RouteTable } from '../table.ts'
import { feeder } from './feeder.ts'
import type { Numbers } from './numbers.ts'
import { checkPorts, chosenPorts } from './ports.ts'
import { type Loss, Seat } from './seat.ts'
import { watching } from './watchdog.ts'

/** The workers: as many as have counters in `numbers`, for as long as it runs. */
export type Crew = {
  /** Resolves when all workers listen there. The first time it rejects `listen` none does afterwards. */
  open(listeners: readonly Listener[]): Promise<readonly Bound[]>
  /** The table has changed; `complete` says whether it is all that there is. */
  changed(changes: readonly RouteChange[], complete: boolean): void
  /** What `tls` gives has changed. */
  secure(): void
  /** Marks of checks have changed. */
  checked(): void
  /** Lets them drain, and resolves when they have ended. */
  close(): Promise<void>
  /** How many listen now, and how many ended or hung without being told to. */
  readonly size: number
  readonly crashes: number
  readonly hangs: number
}

export type CrewOptions = {
  readonly numbers: Numbers
  readonly start: CommonStart
  /** How long an event loop may stand still. */
  readonly hangMs: number
  readonly table: () => RouteTable
  readonly lost: () => readonly Lost[]
  readonly tls: () => Secure
  readonly log: Log
  /** Takes the whole list each time. */
  readonly report: (problems: readonly Problem[]) => void
}

/** Beyond the time to drain. */
const endMs = 5000

export function crew(options: CrewOptions): Crew {
  const { numbers, start, hangMs, report } = options
  const count = numbers.all.length
  // even one worker may have to make way for another one that listens already
  const reusePort = count > 1 || process.platform === 'linux'
  const feeding = feeder(numbers)
  const away = new Map<string, Loss>()
  const closing = new AbortController()
  /** Entrypoints whose ports nobody else had. */
  const free = new Set<string>()
  const losses = { ended: 0, hangs: 0 }
  let seats: readonly Seat[] = []

  function changedAt(name: string, lost: Loss | undefined): void {
    if (lost) losses[lost.kind]++
    if (lost) away.set(name, lost)
    else away.delete(name)
    report([...away].map(([one, loss]) => awayProblem(one, loss)))
  }

  function started(): readonly Seat[] {
    return numbers.all.map((_, at) => {
      const name = `worker ${at + 1}`
      const changed = (lost: Loss | undefined) => changedAt(name, lost)
      const rows = [at, at + count] as const
      const counters = () => numbers.next(at)
      return new Seat({ ...options, name, start, rows, counters, feeding, changed })
    })
  }

  /** The first one finds out which ports they are. */
  async function opened(wanted: readonly Listener[]): Promise<readonly Bound[]> {
    const [first, ...others] = seats
    const bound = (await first?.open(wanted)) ?? []
    const chosen = chosenPorts(wanted, bound)
    await Promise.all(others.map((one) => one.open(chosen)))
    return bound
  }

  async function begin(wanted: readonly Listener[]): Promise<readonly Bound[]> {
    seats = started()
    try {
      const bound = await opened(wanted)
      for (const one of seats) void one.keep()
      void watching(hangMs, () => seats.forEach((one) => one.look()), closing.signal)
      return bound
    } catch (error) {
      await closed(0)
      throw error
    }
  }

  async function closed(limitMs: number): Promise<void> {
    closing.abort()
    await Promise.all(seats.map((one) => one.close(limitMs)))
  }

  return {
    async open(listeners) {
      const wanted = listeners.map((one) => ({ ...one, reusePort }))
      // what is tried again may be open at some of us
      if (reusePort) await checkPorts(wanted.filter(({ entrypoint }) => !free.has(entrypoint)))
      for (const { entrypoint } of wanted) free.add(entrypoint)
      return seats.length === 0 ? begin(wanted) : opened(wanted)
    },
    changed(changes, complete) {
      for (const one of seats) one.change(changes, complete)
    },
    secure() {
      for (const one of seats) one.secure()
    },
    checked() {
      for (const one of seats) one.checked()
    },
    close: () => closed(acceptMs + start.drainMs + endMs),
    get size() {
      return seats.filter(({ listens }) => listens).length
    },
    get crashes() {
      return losses.ended
    },
    get hangs() {
      return losses.hangs
    },
  }
}

const words = { ended: 'it has ended', hangs: 'it hangs' } as const

function awayProblem(where: string, { kind, why }: Loss): Problem {
  return {
    severity: 'warning',
    where,
    what: `${words[kind]}: ${why}`,
    why: 'requests that it was serving are lost; until another one is in its place the others serve all',
    remedy: 'nothing, if it was once; if it goes on, report it with the log of that time',
  }
}
