import type { Log } from '../../core/log.ts'
import type { Problem } from '../../core/problems.ts'
import type { RouteChange } from '../changes.ts'
import type { CommonStart } from '../feed.ts'
import type { Bound, Listener } from '../listener.ts'
import { acceptMs } from '../servers.ts'
import type { RouteTable } from '../table.ts'
import type { TlsFeed } from '../tls/contexts.ts'
import { feeder } from './feeder.ts'
import type { Numbers } from './numbers.ts'
import { checkPorts, chosenPorts } from './ports.ts'
import { type Seat, seat } from './seat.ts'

/** The workers: as many as have counters in `numbers`, for as long as it runs. */
export type Crew = {
  /** Resolves when all workers listen. Rejects `listen`, after which none does. */
  open(): Promise<readonly Bound[]>
  /** The table has changed; `complete` says whether it is all that there is. */
  changed(changes: readonly RouteChange[], complete: boolean): void
  /** What `tls` gives has changed. */
  secure(): void
  /** Marks of checks have changed. */
  checked(): void
  /** Lets them drain, and resolves when they have ended. */
  close(): Promise<void>
  /** How many listen now, and how many ended without being told to. */
  readonly size: number
  readonly crashes: number
}

export type CrewOptions = {
  readonly listeners: readonly Listener[]
  readonly numbers: Numbers
  readonly start: CommonStart
  readonly table: () => RouteTable
  readonly tls: () => TlsFeed
  readonly log: Log
  /** Takes the whole list each time. */
  readonly report: (problems: readonly Problem[]) => void
}

/** Beyond the time to drain. */
const endMs = 5000

export function crew(options: CrewOptions): Crew {
  const { numbers, start, table, tls, log, report } = options
  const shared = numbers.all.length > 1
  const wanted = options.listeners.map((one) => ({ ...one, reusePort: shared }))
  const feeding = feeder(numbers)
  const away = new Map<string, Error>()
  let seats: readonly Seat[] = []
  let crashes = 0

  function changedAt(name: string, ended: Error | undefined): void {
    if (ended) crashes++
    if (ended) away.set(name, ended)
    else away.delete(name)
    report([...away].map(([one, error]) => awayProblem(one, error)))
  }

  function started(): readonly Seat[] {
    return numbers.all.map((counters, at) => {
      const name = `worker ${at + 1}`
      const changed = (ended: Error | undefined) => changedAt(name, ended)
      const own = { ...start, seat: at }
      return seat({ name, start: own, counters, feeding, table, tls, log, changed })
    })
  }

  /** The first one finds out which ports they are. */
  async function opened(): Promise<readonly Bound[]> {
    const [first, ...others] = seats
    const bound = (await first?.open(wanted)) ?? []
    const chosen = chosenPorts(wanted, bound)
    await Promise.all(others.map((one) => one.open(chosen)))
    for (const one of seats) void one.keep(chosen)
    return bound
  }

  async function closed(limitMs: number): Promise<void> {
    await Promise.all(seats.map((one) => one.close(limitMs)))
  }

  return {
    async open() {
      if (shared) await checkPorts(wanted)
      seats = started()
      try {
        return await opened()
      } catch (error) {
        await closed(0)
        throw error
      }
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
      return crashes
    },
  }
}

function awayProblem(where: string, { message }: Error): Problem {
  return {
    severity: 'warning',
    where,
    what: `it has ended: ${message}`,
    why: 'requests that it was serving are lost; until another one is in its place the others serve all',
    remedy: 'nothing, if it was once; if it goes on, report it with the log of that time',
  }
}
