import type { Log } from '../../core/log.ts'
import type { Problem } from '../../core/problems.ts'
import type { CommonStart, Secure } from '../feed.ts'
import type { Bound, Listener } from '../listener.ts'
import { acceptMs } from '../servers.ts'
import type { RouteChange } from '../table/changes.ts'
import type { Lost } from '../table/memory.ts'
import type { RouteTable } from '../table/table.ts'
import { feeder } from './feeder.ts'
import type { Numbers } from './numbers.ts'
import { checkPorts, chosenPorts } from './ports.ts'
import { type Loss, Seat } from './seat.ts'
import { watching } from './watchdog.ts'

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

/** The workers: as many as have counters in `numbers`, for as long as it runs. */
export class Crew {
  private readonly options: CrewOptions
  /** Even one worker may have to make way for another one that listens already. */
  private readonly reusePort: boolean
  private readonly away = new Map<string, Loss>()
  private readonly closing = new AbortController()
  /** Entrypoints whose ports nobody else had. */
  private readonly free = new Set<string>()
  private readonly losses = { ended: 0, hangs: 0 }
  private seats: readonly Seat[] = []

  constructor(options: CrewOptions) {
    this.options = options
    this.reusePort = options.numbers.all.length > 1 || process.platform === 'linux'
  }

  /** How many listen now, and how many ended or hung without being told to. */
  get size(): number {
    return this.seats.filter(({ listens }) => listens).length
  }

  get crashes(): number {
    return this.losses.ended
  }

  get hangs(): number {
    return this.losses.hangs
  }

  /** Resolves when all workers listen there. The first time it rejects `listen` none does afterwards. */
  async open(listeners: readonly Listener[]): Promise<readonly Bound[]> {
    const { free, reusePort } = this
    const wanted = listeners.map((one) => ({ ...one, reusePort }))
    // what is tried again may be open at some of us
    if (reusePort) await checkPorts(wanted.filter(({ entrypoint }) => !free.has(entrypoint)))
    for (const { entrypoint } of wanted) free.add(entrypoint)
    return this.seats.length === 0 ? this.begin(wanted) : this.opened(wanted)
  }

  /** The table has changed; `complete` says whether it is all that there is. */
  changed(changes: readonly RouteChange[], complete: boolean): void {
    for (const one of this.seats) one.change(changes, complete)
  }

  /** What `tls` gives has changed. */
  secure(): void {
    for (const one of this.seats) one.secure()
  }

  /** Marks of checks have changed. */
  checked(): void {
    for (const one of this.seats) one.checked()
  }

  /** Lets them drain, and resolves when they have ended. */
  close(): Promise<void> {
    return this.closed(acceptMs + this.options.start.drainMs + endMs)
  }

  private changedAt(name: string, lost: Loss | undefined): void {
    const { away } = this
    if (lost) this.losses[lost.kind]++
    if (lost) away.set(name, lost)
    else away.delete(name)
    this.options.report([...away].map(([one, loss]) => awayProblem(one, loss)))
  }

  private started(): readonly Seat[] {
    const { options } = this
    const { numbers } = options
    const count = numbers.all.length
    const feeding = feeder(numbers)
    return numbers.all.map((_, at) => {
      const name = `worker ${at + 1}`
      const changed = (lost: Loss | undefined) => this.changedAt(name, lost)
      const rows = [at, at + count] as const
      const counters = () => numbers.next(at)
      return new Seat({ ...options, name, rows, counters, feeding, changed })
    })
  }

  /** The first one finds out which ports they are. */
  private async opened(wanted: readonly Listener[]): Promise<readonly Bound[]> {
    const [first, ...others] = this.seats
    const bound = (await first?.open(wanted)) ?? []
    const chosen = chosenPorts(wanted, bound)
    await Promise.all(others.map((one) => one.open(chosen)))
    return bound
  }

  private async begin(wanted: readonly Listener[]): Promise<readonly Bound[]> {
    const seats = this.started()
    this.seats = seats
    try {
      const bound = await this.opened(wanted)
      for (const one of seats) void one.keep()
      const look = () => seats.forEach((one) => one.look())
      void watching(this.options.hangMs, look, this.closing.signal)
      return bound
    } catch (error) {
      await this.closed(0)
      throw error
    }
  }

  private async closed(limitMs: number): Promise<void> {
    this.closing.abort()
    await Promise.all(this.seats.map((one) => one.close(limitMs)))
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
