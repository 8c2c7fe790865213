import { setTimeout as pause } from 'node:timers/promises'

import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { reconciler } from '../core/reconcile.ts'
import type { Chart } from './chart.ts'
import type { EngineClient } from './engine.ts'
import { eventOf, readLines } from './events.ts'
import type { History } from './history.ts'
import type { Looker } from './looker.ts'
import type { LookQueue } from './looks.ts'

export type SessionParts = {
  readonly chart: Chart
  readonly looker: Looker
  readonly queue: LookQueue
  readonly history: History
  readonly safetyPassMs: number
  readonly pingMs: number
  readonly log: Log
  /** The session begins; its signal aborts when it ends. */
  readonly begin: (own: AbortSignal) => void
  /** All containers have been read once more. */
  readonly onRead: () => void
}

/** So many looks are a pass's at once, so that an event's never waits long behind them. */
const parallelInPass = 4

/**
 * Follows an engine until anything goes wrong, and rejects with that: a stream that ended, a list that failed, two
 * pings without an answer. The stream is opened before the list is read, so that nothing falls in between.
 */
export async function session(
  client: EngineClient,
  parts: SessionParts,
  signal: AbortSignal,
): Promise<never> {
  const { history, queue, looker, chart } = parts
  const ending = new AbortController()
  const own = AbortSignal.any([signal, ending.signal])
  const end = (error: unknown) => ending.abort(error)
  const since = history.since(client.engine.id, client.now)
  const stream = await client.events(since, own)
  parts.begin(own)

  const pass = async () => {
    const before = looker.failures
    const ids = new Set([...(await client.list(own)), ...chart.ids()]).values()
    const worker = async () => {
      for (const id of ids) await queue.ask(id)
    }
    await Promise.all(Array.from({ length: parallelInPass }, worker))
    // an engine that died meanwhile must not pass for one without containers
    if (looker.failures > before) await client.ping(own)
    own.throwIfAborted()
    parts.onRead()
  }
  const passes = reconciler({ pass, everyMs: parts.safetyPassMs, onError: end })
  readLines(
    stream,
    eventReader(parts, () => passes.poke()),
  ).catch(end)
  await Promise.all([passes.run(own), watch(client, parts.pingMs, own).catch(end)])
  stream.destroy()
  throw own.reason
}

function eventReader({ chart, history, log }: SessionParts, poke: () => void) {
  return (line: string) => {
    try {
      const event = eventOf(line)
      if (event && history.isNew(line, event.at)) chart.take(event)
    } catch (error) {
      log.debug(
        { reason: messageOf(error) },
        'an event could not be read, everything is read again',
      )
      poke()
    }
  }
}

/** Rejects when two pings in a row get no answer: the stream of a frozen engine is only silent. */
async function watch(client: EngineClient, everyMs: number, signal: AbortSignal): Promise<never> {
  for (;;) {
    await pause(everyMs, undefined, { signal })
    try {
      await client.ping(signal)
    } catch {
      await client.ping(signal)
    }
  }
}
