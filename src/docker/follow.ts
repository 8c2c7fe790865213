import type { MutableLive } from '../core/live.ts'
import type { Log } from '../core/log.ts'
import { backoffMs, sleep } from '../core/retry.ts'
import { Chart } from './chart.ts'
import type { Containers } from './docker.ts'
import { type EngineClient, type EngineOptions, openEngine } from './engine.ts'
import { createHistory } from './history.ts'
import { createLooker } from './looker.ts'
import { lookQueue } from './looks.ts'
import { publisher } from './publisher.ts'
import { session } from './session.ts'
import type { StatusKeeper } from './status.ts'
import { keyedTimers } from './timers.ts'

export type FollowOptions = EngineOptions & {
  readonly containers: MutableLive<Containers>
  readonly status: StatusKeeper
  /** Ids of the containers that we may be in. */
  readonly ownIds: readonly string[]
  readonly safetyPassMs: number
  readonly pingMs: number
  readonly log: Log
  /** Takes the client of each session, and undefined when it has ended. */
  readonly opened: (client: EngineClient | undefined) => void
}

/** Inspects that run at once: more don't make the engine faster. */
const parallelLooks = 8
const backoff = { firstMs: 100, maxMs: 2000 }

/**
 * Keeps `containers` at what the engine says, in one session after the other, until `signal` aborts. What is
 * known lives longer than a session; an engine that is away takes nothing from it.
 */
export async function follow(options: FollowOptions, signal: AbortSignal): Promise<void> {
  const { status, log } = options
  using timers = keyedTimers()
  let current: { readonly client: EngineClient; readonly signal: AbortSignal } | undefined
  const ask = (id: string) => void queue.ask(id)
  const chart = new Chart({
    ask,
    timers,
    onChange: (kind) => shown.changed(kind === 'gone' || queue.pending <= 1 ? 'now' : 'within'),
  })
  const shown = publisher(options.containers, chart, options.ownIds, timers)
  const looker = createLooker(chart, ask, timers, log)
  const queue = lookQueue(async (id) => {
    // without a session nobody has to look: the next one begins with a look at all
    const at = current
    if (!at || at.signal.aborted) return true
    return looker.look(id, () => at.client.inspect(id, at.signal))
  }, parallelLooks)
  const history = createHistory()

  let failures = 0
  while (!signal.aborted) {
    try {
      using client = await openEngine(options, signal)
      options.opened(client)
      const onRead = () => {
        failures = 0
        shown.complete(client.engine)
        status.up(client.engine)
      }
      const begin = (own: AbortSignal) => {
        current = { client, signal: own }
      }
      const parts = { ...options, chart, looker, queue, history, begin, onRead }
      await session(client, parts, signal)
    } catch (error) {
      if (!signal.aborted) status.down(error)
    }
    current = undefined
    options.opened(undefined)
    await sleep(backoffMs(failures++, backoff), signal)
  }
}
