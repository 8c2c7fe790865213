import { errnoOf } from '../../core/errors.ts'
import type { Loss } from '../http1/answer-taker.ts'
import type { UpstreamConnection } from '../http1/upstream-connection.ts'
import { lostLately, rememberMs } from '../table/memory.ts'
import type { TableRoute, Target } from '../table/route.ts'
import type { Ending, Upstream } from '../worker/upstream.ts'
import { nobodyReady, noWebSockets, refused, timedOut } from './answers.ts'
import type { Engine } from './engine.ts'
import type { Exchange } from './exchange.ts'
import type { Life } from './life.ts'
import { Repeats } from './repeats.ts'

/** What has to be known of a request that may have to wait. */
export type Waiting = Pick<
  Exchange,
  'engine' | 'failure' | 'startedMs' | 'tried' | 'look' | 'held' | 'answer'
>

/** How long a refusal is doubted: Docker reports a death a moment after it. */
const doubtMs = 1000
const shortestPauseMs = 10
/** Of a kernel whose process had closed the connection, or ended, without reading all that had come. */
const refusals = new Set(['ECONNRESET', 'EPIPE'])

/** How long a connect may take: on our own node an answer that is not at once will not come. */
export function connectTimeoutMs({ own }: Target): number {
  return own ? 500 : 3000
}

/** `connection` was lost before the answer came: tries somebody else as far as that is safe. */
export function afterLoss(
  exchange: Exchange,
  upstream: Upstream,
  connection: UpstreamConnection,
  loss: Loss,
): void {
  const { engine } = exchange
  const isConnect = !connection.isConnected
  const nowMs = performance.now()
  const isLate = loss === 'late' || errnoOf(connection.error) === 'ETIMEDOUT'
  if (!isConnect && exchange.asked.isUpgrade && upstream.target.protocol === 'h2c') {
    // no failure of its: it was not asked in its own language
    exchange.ended('moot', nowMs)
    return exchange.answer(isLate ? timedOut : noWebSockets)
  }
  exchange.ended(isConnect ? 'connect' : endingOf(connection, loss, isLate), nowMs)
  exchange.failure = isLate ? timedOut : refused
  if (!isConnect && exchange.guard?.lost(upstream, isLate ? 'timeout' : 'sent') === true) return
  if (!isConnect && !isRepeatable(exchange, upstream, connection, loss)) {
    if (!isUnread(exchange, upstream, connection, loss)) return exchange.answer(exchange.failure)
    return afterRefusal(exchange, upstream, nowMs + doubtMs)
  }
  if (!connection.isReused) (exchange.tried ??= new Set()).add(upstream)
  const may = engine.budget.spend(nowMs)
  if (may) engine.counts.retried()
  else if (!isConnect) return exchange.answer(exchange.failure)
  if (!isConnect) {
    repeated(exchange, upstream)
    exchange.sending.rewind()
  }
  exchange.look(nowMs)
}

function repeated(exchange: Exchange, upstream: Upstream): void {
  exchange.repeats ??= new Repeats()
  exchange.repeats.follow(upstream)
}

/** A kept connection that the endpoint closes at that very moment says nothing of it. */
function endingOf({ isReused }: UpstreamConnection, loss: Loss, isLate: boolean): Ending {
  if (isLate) return 'timeout'
  return isReused || loss === 'paused' ? 'moot' : 'reset'
}

/** What took too long once would do so everywhere, and keep several endpoints busy. */
function isRepeatable(
  { asked, repeats }: Exchange,
  upstream: Upstream,
  { hasBegun }: UpstreamConnection,
  loss: Loss,
): boolean {
  if ((loss !== 'closed' && loss !== 'paused') || hasBegun) return false
  return asked.isRepeatable && repeats?.mayFollow(upstream) !== false
}

/**
 * The kernel of the endpoint has refused what was sent, so nobody there has read all of it. An end without a refusal
 * says nothing: somebody may have read the request, and acted on it.
 */
function isUnread(
  { repeats, sending }: Exchange,
  upstream: Upstream,
  { hasBegun, error }: UpstreamConnection,
  loss: Loss,
) {
  if (loss !== 'closed' || hasBegun || !sending.isKept) return false
  return repeats?.mayFollow(upstream) !== false && refusals.has(errnoOf(error) ?? '')
}

/** What was refused unread is sent again if the endpoint leaves, which Docker says a moment later than its kernel. */
function afterRefusal(exchange: Exchange, upstream: Upstream, untilMs: number): void {
  const { engine, route, failure, sending } = exchange
  const nowMs = performance.now()
  sending.close()
  if (upstream.retired || upstream.target.state === 'draining') {
    if (!engine.budget.spend(nowMs)) return exchange.answer(failure ?? refused)
    engine.counts.retried()
    exchange.tried = new Set([upstream])
    repeated(exchange, upstream)
    sending.rewind()
    return exchange.look(nowMs)
  }
  const leave =
    nowMs < untilMs &&
    engine.hold.wait(route?.key ?? '', untilMs - nowMs, () =>
      afterRefusal(exchange, upstream, untilMs),
    )
  if (leave) exchange.held(leave)
  else exchange.answer(failure ?? refused)
}

/** Whether what waits at `upstream` is to be asked of somebody else, because Docker has paused it. */
export function isLeftWaiting(exchange: Life, upstream: Upstream): boolean {
  const { asked, repeats, connection } = exchange
  if (upstream.target.halt !== 'paused' || !asked.isRepeatable) return false
  if (repeats?.mayFollow(upstream) === false) return false
  if (connection?.hasBegun !== false) return false
  return exchange.current()?.targets.some(({ state }) => state === 'ready') === true
}

/** Nobody takes the request now: it waits, or is answered if that is in vain. */
export function waitForSomebody(exchange: Waiting, route: TableRoute): void {
  const { engine, failure, startedMs } = exchange
  const nowMs = performance.now()
  const refusedUntilMs = engine.chooser.nextTryMs(route, nowMs)
  const leftMs = startedMs + patienceMs(engine, route, refusedUntilMs, nowMs) - nowMs
  if (leftMs <= 0) {
    return exchange.answer(refusedUntilMs === undefined ? nobodyReady : (failure ?? nobodyReady))
  }
  const pauseMs =
    refusedUntilMs === undefined ? leftMs : Math.max(shortestPauseMs, refusedUntilMs - nowMs)
  const leave = engine.hold.wait(route.key, Math.min(leftMs, pauseMs), () => {
    exchange.tried = undefined
    exchange.look(performance.now())
  })
  if (leave) exchange.held(leave)
  else exchange.answer(nobodyReady)
}

/** How long a request may wait in all, from its beginning. */
export function patienceMs(
  { tables, upstreams, holdMs }: Pick<Engine, 'tables' | 'upstreams' | 'holdMs'>,
  route: TableRoute,
  refusedUntilMs: number | undefined,
  nowMs: number,
): number {
  const isStarting = route.targets.some(({ state }) => state === 'starting')
  if (isStarting || lostLately(tables.memory, route.key, nowMs)) return holdMs
  if (refusedUntilMs === undefined) return 0
  const isYoung = route.targets.some(
    ({ identity }) => nowMs - (upstreams.get(identity)?.firstSeenMs ?? nowMs) < rememberMs,
  )
  return isYoung ? holdMs : Math.min(holdMs, doubtMs)
}
