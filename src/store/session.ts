import { PortolanError } from '../core/errors.ts'
import { live, type Live } from '../core/live.ts'
import { type OnError, sleep, untilSuccess } from '../core/retry.ts'
import type { Lease, Store } from './store.ts'

export type SessionOptions = {
  readonly store: Pick<Store, 'grant' | 'keepAlive' | 'revoke'>
  readonly ttlSeconds: number
  readonly onError: OnError
}

/** This node's one lease, kept alive, granted anew when it is lost. */
export type Session = {
  /** Undefined until there is one, and from the moment it is known to be lost until there is a new one. */
  readonly lease: Live<Lease | undefined>
  /** Holds a lease until `signal` aborts. Does not revoke at the end: a restart is not a leave. */
  run(signal: AbortSignal): Promise<void>
  /** Gives the lease back and takes no other: the node leaves. */
  leave(signal: AbortSignal): Promise<void>
}

const leaveMs = 2000

export function createSession(options: SessionOptions): Session {
  const { store, ttlSeconds, onError } = options
  const lease = live<Lease | undefined>(undefined)
  const left = new AbortController()
  let running = Promise.resolve()

  const hold = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      let askedMs = 0
      const ask = () => {
        askedMs = performance.now()
        return store.grant(ttlSeconds, signal)
      }
      const granted = await untilSuccess(ask, onError, signal, { maxMs: 2000 })
      lease.set(granted)
      const error = await untilLost(options, granted, askedMs, signal)
      if (signal.aborted) return
      lease.set(undefined)
      onError(error, 0)
    }
  }

  return {
    lease,
    async run(signal) {
      const until = AbortSignal.any([signal, left.signal])
      running = hold(until).catch((error: unknown) => {
        if (!until.aborted) throw error
      })
      await running
    },
    async leave(signal) {
      left.abort()
      await running
      const held = lease.current
      lease.set(undefined)
      if (held) await giveBack(store, held, signal)
    },
  }
}

/**
 * Keeps the lease alive, each third of its time, and when that fails more often. Resolves to the reason when it is
 * lost: the store says so, or its time (on the monotonic clock, from before it was asked for) has run out.
 */
async function untilLost(
  { store, onError }: SessionOptions,
  { id, ttlSeconds }: Lease,
  grantedMs: number,
  signal: AbortSignal,
): Promise<PortolanError> {
  const stepMs = (ttlSeconds * 1000) / 3
  let endsMs = grantedMs + ttlSeconds * 1000
  let pauseMs = stepMs
  while (!signal.aborted) {
    await sleep(pauseMs, signal)
    const askedMs = performance.now()
    try {
      const seconds = await store.keepAlive(id, signal)
      if (seconds <= 0) return lost(id, 'the store does not know it any more')
      endsMs = askedMs + seconds * 1000
      pauseMs = stepMs
    } catch (error) {
      if (signal.aborted) break
      pauseMs = Math.min(1000, stepMs / 4)
      onError(error, pauseMs)
    }
    if (performance.now() > endsMs) return lost(id, 'no answer within its time')
  }
  return lost(id, 'stopped')
}

async function giveBack(
  store: SessionOptions['store'],
  lease: Lease,
  signal: AbortSignal,
): Promise<void> {
  const limit = AbortSignal.timeout(leaveMs)
  try {
    await store.revoke(lease.id, AbortSignal.any([signal, limit]))
  } catch (error) {
    throw limit.aborted ? notRevoked(lease, error) : error
  }
}

function notRevoked({ id, ttlSeconds }: Lease, cause: unknown): PortolanError {
  return new PortolanError(
    'store-down',
    `lease ${id} could not be given back within ${leaveMs} ms; its entries vanish by themselves after ${ttlSeconds} s`,
    { cause },
  )
}

function lost(id: string, why: string): PortolanError {
  return new PortolanError(
    'store-down',
    `lease ${id} is lost (${why}); a new one is taken and all entries are written again`,
  )
}
