import type { Agent } from 'node:http'

import type { RequestView } from '../core/rule/request.ts'
import {
  type Answer,
  closedRoute,
  nobodyReady,
  notYet,
  refused,
  timedOut,
  unknownHost,
} from './answers.ts'
import type { RetryBudget } from './budget.ts'
import { type Chooser, markReached, markRefused } from './choose.ts'
import { dial } from './dial.ts'
import type { Outcome } from './engine.ts'
import type { HoldQueue } from './hold.ts'
import { lostLately, rememberMs } from './memory.ts'
import { agentFor } from './pool.ts'
import type { TableRoute } from './route.ts'
import type { Tables } from './tables.ts'
import type { Upstream, Upstreams } from './upstreams.ts'

/** What deliveries share. */
export type Delivering = {
  readonly tables: Tables
  readonly upstreams: Upstreams
  readonly chooser: Chooser
  readonly budget: RetryBudget
  readonly hold: HoldQueue
  readonly holdMs: number
  readonly retried: () => void
}

/** One request on its way to some endpoint. */
export type Parcel = {
  readonly entrypoint: string
  readonly view: RequestView
  /** It may be sent again even if an endpoint may have acted on it. */
  readonly repeatable: boolean
  /** It needs a connection of its own. */
  readonly alone: boolean
  readonly gone: AbortSignal
  attempt(route: TableRoute, upstream: Upstream, agent: Agent): Promise<Outcome>
}

/** The answer that the client still has to get; undefined when it has one, or has gone. */
export type Delivery = {
  readonly route: TableRoute | undefined
  readonly answer: Answer | undefined
}

/** Times that a request which an endpoint may have seen is sent once more. */
const mostRepeats = 3
/** How long a refusal is doubted: Docker reports a death a moment after it. */
const doubtMs = 1000

/** Finds an endpoint for `parcel` and has it answered; tries others, and waits, as far as that is safe. */
export async function deliver(parcel: Parcel, shared: Delivering): Promise<Delivery> {
  const { tables, chooser, hold } = shared
  const { entrypoint, view, gone } = parcel
  const began = performance.now()
  const tried = new Set<string>()
  let failure: Answer | undefined
  let repeats = 0
  shared.budget.earn()
  for (;;) {
    const route = tables.find(entrypoint, view)?.route
    if (!route) return { route, answer: failure ?? (tables.table.complete ? unknownHost : notYet) }
    if (route.closed !== undefined) return { route, answer: closedRoute }
    const nowMs = performance.now()
    const choice = chooser.choose(route, tried, nowMs)
    if (choice.kind === 'target') {
      const { upstream } = choice
      const outcome = await tryOnce(parcel, route, upstream, failure !== undefined, shared)
      if (outcome.kind !== 'failed' || outcome.stage === 'answer')
        return { route, answer: undefined }
      failure = outcome.timedOut ? timedOut : refused
      if (outcome.stage === 'connect') markRefused(upstream, performance.now())
      else if (mustEnd(parcel, outcome.timedOut) || ++repeats > mostRepeats)
        return { route, answer: failure }
      if (!outcome.reused) tried.add(upstream.target.identity)
      const may = shared.budget.spend(performance.now())
      if (may) shared.retried()
      else if (outcome.stage === 'sent') return { route, answer: failure }
    } else {
      const { refusedUntilMs } = choice
      const left = began + patienceMs(route, refusedUntilMs, nowMs, shared) - nowMs
      if (left <= 0) {
        const refusing = refusedUntilMs === undefined ? undefined : failure
        return { route, answer: refusing ?? nobodyReady }
      }
      const pause = refusedUntilMs === undefined ? left : Math.max(10, refusedUntilMs - nowMs)
      const woken = await hold.wait(route.key, Math.min(left, pause), gone)
      if (woken === 'gone') return { route, answer: undefined }
      if (woken === 'full') return { route, answer: nobodyReady }
      tried.clear()
    }
  }
}

/** What took too long once would do so everywhere, and keep several endpoints busy. */
function mustEnd({ repeatable }: Parcel, tooLate: boolean): boolean {
  return !repeatable || tooLate
}

/** A kept connection will do for what may be repeated; anything else, and all after a failure, gets a new one. */
async function tryOnce(
  parcel: Parcel,
  route: TableRoute,
  upstream: Upstream,
  again: boolean,
  { upstreams }: Delivering,
): Promise<Outcome> {
  using _ = upstreams.enter(upstream)
  if (parcel.repeatable && !parcel.alone && !again && upstream.failures === 0) {
    return await parcel.attempt(route, upstream, upstream.pool.agent)
  }
  const dialled = await dial(upstream.target, parcel.gone)
  if (parcel.gone.aborted) return { kind: 'gone' }
  if (!dialled.ok) return { kind: 'failed', stage: 'connect', reused: false, ...dialled }
  markReached(upstream)
  return await parcel.attempt(route, upstream, agentFor(dialled.socket, upstream.target))
}

/** How long a request may wait in all, from its beginning. */
function patienceMs(
  route: TableRoute,
  refusedUntilMs: number | undefined,
  nowMs: number,
  { tables, upstreams, holdMs }: Delivering,
): number {
  const starting = route.targets.some(({ state }) => state === 'starting')
  if (starting || lostLately(tables.memory, route.key, nowMs)) return holdMs
  if (refusedUntilMs === undefined) return 0
  const young = route.targets.some(
    (target) => nowMs - upstreams.of(target, nowMs).firstSeenMs < rememberMs,
  )
  return young ? holdMs : Math.min(holdMs, doubtMs)
}
