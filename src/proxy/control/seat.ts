import type { Log } from '../../core/log.ts'
import { backoffMs, sleep } from '../../core/retry.ts'
import { leaveTurn } from '../access/lines.ts'
import type { Counters } from '../counters.ts'
import type { Start } from '../feed.ts'
import type { Bound, Listener } from '../listener.ts'
import { leaveSeat } from '../middleware/share.ts'
import type { RouteChange } from '../table/changes.ts'
import { chosenPorts } from './ports.ts'
import { Rows } from './rows.ts'
import { type Tenant, tenant, type TenantOptions } from './tenant.ts'

export type SeatOptions = Omit<TenantOptions, 'start'> & {
  readonly start: Omit<Start, 'ordered' | 'beats' | 'counters' | 'seat'>
  /** Two that nobody else uses: who comes is there before who hangs has gone. */
  readonly rows: readonly [number, number]
  /** Counters for the next worker, in which nothing runs. */
  readonly counters: () => Counters
  readonly log: Log
  /** Somebody was lost, or somebody took that one's place. */
  readonly changed: (lost: Loss | undefined) => void
}

/** How a worker was lost. */
export type Loss = { readonly kind: 'ended' | 'hangs'; readonly why: string }

type Sitting = { readonly tenant: Tenant; readonly row: number; hasLeft: boolean }

/** Whoever is lost sooner than this after its start would only do the same again at once. */
const steadyMs = 60_000
/** How long a new one may take until it listens. */
const startMs = 60_000

/** A place in the crew that always has a worker, one after the other if they end or hang. */
export class Seat {
  listens = false
  private readonly options: SeatOptions
  private readonly rows: Rows
  private readonly closing = new AbortController()
  private readonly listeners: Listener[] = []
  private current: Sitting

  constructor(options: SeatOptions) {
    this.options = options
    this.rows = new Rows(options.rows)
    this.current = this.seated()
  }

  /** The table has changed; `complete` says whether it is all that there is. */
  change(changes: readonly RouteChange[], complete: boolean): void {
    this.current.tenant.feed.change(changes, complete)
  }

  /** `tls` has changed. */
  secure(): void {
    this.current.tenant.secure()
  }

  /** Marks of checks have changed. */
  checked(): void {
    this.current.tenant.member.post({ kind: 'checked' })
  }

  /** Whether its worker moves: to be asked again and again. */
  look(): void {
    this.current.tenant.look()
  }

  /** Opens these as well, now and in whoever comes after. */
  async open(listeners: readonly Listener[]): Promise<readonly Bound[]> {
    const bound = await this.current.tenant.member.listen(listeners)
    this.listeners.push(...chosenPorts(listeners, bound))
    this.listens = true
    return bound
  }

  /** Replaces whoever ends or hangs, until it is closed. */
  async keep(): Promise<void> {
    const { name, log, changed } = this.options
    const { signal } = this.closing
    for (let failures = 0; ; failures++) {
      const startedMs = performance.now()
      const lost = await this.loss()
      this.listens = false
      if (!lost) return
      if (performance.now() - startedMs > steadyMs) failures = 0
      log.error({ worker: name, ...lost }, 'a worker is lost; another one takes its place')
      changed(lost)
      if (failures > 0) await sleep(backoffMs(failures - 1), signal)
      if (signal.aborted) return
      await this.replace()
    }
  }

  /** Resolves when the thread is no more. `limitMs`: how long it may take over it; 0 ends it now. */
  async close(limitMs: number): Promise<void> {
    this.closing.abort()
    const { member } = this.current.tenant
    if (limitMs > 0) {
      const limit = new AbortController()
      member.post({ kind: 'close' })
      await Promise.race([member.ended, sleep(limitMs, limit.signal)])
      limit.abort()
    }
    await member.terminate()
  }

  private seated(): Sitting {
    const { options } = this
    const row = this.rows.take()
    const start = { ...options.start, counters: options.counters(), seat: row }
    return { tenant: tenant({ ...options, start }), row, hasLeft: false }
  }

  private async replace(): Promise<void> {
    const { name, log, changed } = this.options
    const before = this.current
    this.current = this.seated()
    try {
      await this.listen()
      changed(undefined)
    } catch (error) {
      log.error({ err: error, worker: name }, 'a new worker does not listen')
      await this.evict(this.current)
    } finally {
      void this.evict(before)
    }
  }

  private async listen(): Promise<void> {
    const limit = new AbortController()
    const isInTime = await Promise.race([
      this.current.tenant.member.listen(this.listeners).then(() => true),
      sleep(startMs, limit.signal).then(() => false),
    ]).finally(() => limit.abort())
    if (!isInTime) throw new Error(`it does not listen within ${startMs / 1000} s`)
    this.listens = true
  }

  /** Ends what may be left of somebody. That may take long: who hangs in a call of the system stays. */
  private async evict(one: Sitting): Promise<void> {
    const { share, access } = this.options.start
    const { row } = one
    await one.tenant.member.terminate()
    if (one.hasLeft) return
    one.hasLeft = true
    if (!this.rows.leave(row)) return
    leaveSeat(share, row)
    if (access) leaveTurn(access.turn, row)
  }

  /** Resolves when another one is to take the place; undefined: when it is closed. */
  private async loss(): Promise<Loss | undefined> {
    const { member, hung } = this.current.tenant
    const lost = await Promise.race([
      member.ended.then((error): Loss => ({ kind: 'ended', why: error.message })),
      hung.then((): Loss => ({ kind: 'hangs', why: 'its event loop does not move' })),
    ])
    return this.closing.signal.aborted ? undefined : lost
  }
}
