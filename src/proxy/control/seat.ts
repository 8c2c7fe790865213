import type { Log } from '../../core/log.ts'
import { backoffMs, sleep } from '../../core/retry.ts'
import { leaveTurn } from '../access/lines.ts'
import { clearRunning, type Counters } from '../counters.ts'
import type { Start } from '../feed.ts'
import type { Bound, Listener } from '../listener.ts'
import { leaveSeat } from '../middleware/share.ts'
import type { RouteTable } from '../table.ts'
import type { TlsFeed } from '../tls/contexts.ts'
import { startMember } from './member.ts'
import { type Sender, sender, type SenderOptions } from './sender.ts'

/** A place in the crew that always has a worker, one after the other if they end. */
export type Seat = Pick<Sender, 'change'> & {
  /** Marks of checks have changed. */
  checked(): void
  readonly listens: boolean
  /** `tls` has changed. */
  secure(): void
  open(listeners: readonly Listener[]): Promise<readonly Bound[]>
  /** Replaces whoever ends, until it is closed. */
  keep(listeners: readonly Listener[]): Promise<void>
  /** Resolves when the thread is no more. `limitMs`: how long it may take over it; 0 ends it now. */
  close(limitMs: number): Promise<void>
}

export type SeatOptions = {
  readonly name: string
  readonly start: Omit<Start, 'ordered' | 'counters'>
  readonly counters: Counters
  readonly feeding: Pick<SenderOptions, 'fed' | 'placeOf'>
  readonly table: () => RouteTable
  readonly tls: () => TlsFeed
  readonly log: Log
  /** Somebody ended without being told to, or took that one's place. */
  readonly changed: (ended: Error | undefined) => void
}

/** Whoever ends sooner than this after its start would only do the same again at once. */
const steadyMs = 60_000

export function seat(options: SeatOptions): Seat {
  const { name, counters, feeding, log, changed } = options
  const closing = new AbortController()
  let listens = false
  let { member, feed } = occupied()

  function occupied() {
    const started = startMember({
      name,
      start: { ...options.start, counters },
      applied: () => fed.applied(),
      warned: (warning) => log.warn({ worker: name, warning }, 'a worker warns'),
    })
    started.post({ kind: 'tls', feed: options.tls() })
    const fed = sender({ ...feeding, post: started.post, table: options.table() })
    return { member: started, feed: fed }
  }

  async function open(listeners: readonly Listener[]): Promise<readonly Bound[]> {
    const bound = await member.listen(listeners)
    listens = true
    return bound
  }

  async function replace(listeners: readonly Listener[]): Promise<void> {
    try {
      ;({ member, feed } = occupied())
      await open(listeners)
      changed(undefined)
    } catch (error) {
      log.error({ err: error, worker: name }, 'a new worker does not listen')
      await member.terminate()
    }
  }

  return {
    get listens() {
      return listens
    },
    secure: () => member.post({ kind: 'tls', feed: options.tls() }),
    change: (changes, complete) => feed.change(changes, complete),
    checked: () => member.post({ kind: 'checked' }),
    open,
    async keep(listeners) {
      for (let failures = 0; ; failures++) {
        const startedMs = performance.now()
        const error = await member.ended
        listens = false
        if (closing.signal.aborted) return
        if (performance.now() - startedMs > steadyMs) failures = 0
        log.error({ err: error, worker: name }, 'a worker has ended; another one takes its place')
        changed(error)
        clearRunning(counters)
        leaveSeat(options.start.share, options.start.seat)
        if (options.start.access) leaveTurn(options.start.access.turn, options.start.seat)
        if (failures > 0) await sleep(backoffMs(failures - 1), closing.signal)
        if (closing.signal.aborted) return
        await replace(listeners)
      }
    },
    async close(limitMs) {
      closing.abort()
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
