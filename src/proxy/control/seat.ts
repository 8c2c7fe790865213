import type { Log } from '../../core/log.ts'
import { backoffMs, sleep } from '../../core/retry.ts'
import { leaveTurn } from '../access/lines.ts'
import type { Counters } from '../counters.ts'
import type { Start } from '../feed.ts'
import type { Bound, Listener } from '../listener.ts'
import { leaveSeat } from '../middleware/share.ts'
import { chosenPorts } from './ports.ts'
import type { Sender } from './sender.ts'
import { type Tenant, tenant, type TenantOptions } from './tenant.ts'

/** A place in the crew that always has a worker, one after the other if they end or hang. */
export type Seat = Pick<Sender, 'change'> & {
  /** Marks of checks have changed. */
  checked(): void
  readonly listens: boolean
  /** `tls` has changed. */
  secure(): void
  /** Opens these as well, now and in whoever comes after. */
  open(listeners: readonly Listener[]): Promise<readonly Bound[]>
  /** Replaces whoever ends or hangs, until it is closed. */
  keep(): Promise<void>
  /** Whether its worker moves: to be asked again and again. */
  look(): void
  /** Resolves when the thread is no more. `limitMs`: how long it may take over it; 0 ends it now. */
  close(limitMs: number): Promise<void>
}

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

/** Whoever is lost sooner than this after its start would only do the same again at once. */
const steadyMs = 60_000
/** How long a new one may take until it listens. */
const startMs = 60_000

export function seat(options: SeatOptions): Seat {
  const { name, rows, log, changed } = options
  const { share, access } = options.start
  const closing = new AbortController()
  const open: Listener[] = []
  let listens = false
  let row = rows[0]
  let current = occupied()

  function occupied(): Tenant {
    const start = { ...options.start, counters: options.counters(), seat: row }
    return tenant({ ...options, start })
  }

  /** Ends what may be left of `one`, which sat in `at`. It is not waited for: who hangs in a call of the system stays. */
  async function evict(one: Tenant, at: number): Promise<void> {
    await one.member.terminate()
    leaveSeat(share, at)
    if (access) leaveTurn(access.turn, at)
  }

  async function listen(): Promise<void> {
    const limit = new AbortController()
    const isInTime = await Promise.race([
      current.member.listen(open).then(() => true),
      sleep(startMs, limit.signal).then(() => false),
    ]).finally(() => limit.abort())
    if (!isInTime) throw new Error(`it does not listen within ${startMs / 1000} s`)
    listens = true
  }

  async function replace(): Promise<void> {
    const [before, was] = [current, row]
    row = row === rows[0] ? rows[1] : rows[0]
    current = occupied()
    try {
      await listen()
      changed(undefined)
    } catch (error) {
      log.error({ err: error, worker: name }, 'a new worker does not listen')
      await current.member.terminate()
    } finally {
      void evict(before, was)
    }
  }

  /** Resolves when another one is to take the place; undefined: when it is closed. */
  async function loss(): Promise<Loss | undefined> {
    const { member, hung } = current
    const lost = await Promise.race([
      member.ended.then((error): Loss => ({ kind: 'ended', why: error.message })),
      hung.then((): Loss => ({ kind: 'hangs', why: 'its event loop does not move' })),
    ])
    return closing.signal.aborted ? undefined : lost
  }

  return {
    get listens() {
      return listens
    },
    secure: () => current.secure(),
    change: (changes, complete) => current.feed.change(changes, complete),
    checked: () => current.member.post({ kind: 'checked' }),
    look: () => current.look(),
    async open(listeners) {
      const bound = await current.member.listen(listeners)
      open.push(...chosenPorts(listeners, bound))
      listens = true
      return bound
    },
    async keep() {
      for (let failures = 0; ; failures++) {
        const startedMs = performance.now()
        const lost = await loss()
        listens = false
        if (!lost) return
        if (performance.now() - startedMs > steadyMs) failures = 0
        log.error({ worker: name, ...lost }, 'a worker is lost; another one takes its place')
        changed(lost)
        if (failures > 0) await sleep(backoffMs(failures - 1), closing.signal)
        if (closing.signal.aborted) return
        await replace()
      }
    },
    async close(limitMs) {
      closing.abort()
      const { member } = current
      if (limitMs > 0) {
        const limit = new AbortController()
        member.post({ kind: 'close' })
        await Promise.race([member.ended, sleep(limitMs, limit.signal)])
        limit.abort()
      }
      await member.terminate()
    },
  }
}
