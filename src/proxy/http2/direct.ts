import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2'

import { longestTimerMs } from '../../core/retry.ts'
import type { Trail } from '../access/trail.ts'
import { connectTimeoutMs, type Waiting, waitForSomebody } from '../exchange/again.ts'
import {
  type Answer,
  closedRoute,
  notYet,
  refused,
  timedOut,
  unknownHost,
} from '../exchange/answers.ts'
import type { Asked } from '../exchange/asked.ts'
import type { Engine } from '../exchange/engine.ts'
import type { Front } from '../exchange/front.ts'
import { wholeAnswer } from '../exchange/own-answer.ts'
import { ownerFor } from '../exchange/owner.ts'
import { Repeats } from '../exchange/repeats.ts'
import type { Chain } from '../middleware/chains.ts'
import type { OwnAnswer } from '../middleware/draft.ts'
import { HeaderLines } from '../middleware/header-lines.ts'
import { areOfStreams, isCall, readsBody } from '../middleware/streams.ts'
import type { TableRoute } from '../table/route.ts'
import type { Ending, Upstream } from '../worker/upstream.ts'
import { endpointHead } from './endpoint-head.ts'
import type { Ask } from './endpoint-sessions.ts'
import { HeadGuard } from './head-guard.ts'
import { fieldsOf } from './head-lines.ts'
import { leaveToTake } from './held-up.ts'
import { type Ends, Join, type Loss } from './join.ts'
import { headOf } from './message-reader.ts'
import { sayable, withoutOneConnection } from './one-connection.ts'
import { stopSending } from './stream-socket.ts'

const nothing = Buffer.alloc(0)
const tooLarge: Answer = { status: 413, why: 'The request is too large.' }
const noWholeBody: Answer = {
  status: 501,
  why: 'A middleware of the route wants to see whole bodies, which calls of gRPC have not.',
}

/**
 * A request that stays HTTP/2 on its whole way, as gRPC needs it: both sides may speak at once for as long as they like,
 * and trailers go through. Endpoints are found, tried and waited for as everywhere.
 */
export class DirectExchange implements Waiting {
  readonly engine: Engine
  readonly startedMs: number
  tried: Set<Upstream> | undefined
  failure: Answer | undefined
  private readonly stream: ServerHttp2Stream
  private readonly asked: Asked
  private readonly front: Front
  private readonly id: string
  private route: TableRoute | undefined
  private upstream: Upstream | undefined
  private triedMs = 0
  private repeats: Repeats | undefined
  private joined: Join | undefined
  private leave: (() => void) | undefined
  private timer: NodeJS.Timeout | undefined
  private isOver = false
  private guard: HeadGuard | undefined
  private readonly trail: Trail | undefined

  constructor(
    stream: ServerHttp2Stream,
    asked: Asked,
    front: Front,
    engine: Engine,
    trail: Trail | undefined,
  ) {
    this.stream = stream
    this.asked = asked
    this.front = front
    this.engine = engine
    this.trail = trail
    this.id = engine.ids.next()
    this.startedMs = performance.now()
    engine.counts.began(front.slot)
    engine.budget.earn()
    stream.on('error', () => {})
    // without an error it closes only when all that came has been read, which may be never
    stream.on('aborted', () => this.gone())
    stream.on('close', () => this.gone())
  }

  /** Finds an endpoint and asks it. */
  look(nowMs: number): void {
    const { engine, asked, front } = this
    if (this.isOver) return
    const route = engine.tables.find(front.entrypoint, asked)?.route
    this.route = route
    this.leave = undefined
    if (!route) {
      return this.answer(this.failure ?? (engine.tables.table.complete ? unknownHost : notYet))
    }
    if (route.closed !== undefined) return this.answer(closedRoute)
    const { chain } = route
    if (chain !== undefined && this.guard?.isThrough(chain) !== true)
      return this.enter(route, chain)
    const upstream = engine.chooser.choose(route, asked, this.tried, nowMs)
    if (upstream) this.ask(route, upstream)
    else waitForSomebody(this, route)
  }

  held(leave: () => void): void {
    this.leave = leave
  }

  /** Answers ourselves. */
  answer(answer: Answer): void {
    const { guard } = this
    this.trail?.told(answer, 'middleware')
    if (guard) void guard.answer(answer)
    else this.sendOwn(wholeAnswer(answer, 'application/json'))
  }

  private sendOwn({ status, headers, body = nothing }: OwnAnswer): void {
    const { stream, engine } = this
    const lines = new HeaderLines(headers)
    lines.set('content-length', String(body.length))
    if (this.trail) this.trail.sent += body.length
    this.count(status)
    if (stream.closed || stream.headersSent) return
    stream.respond({ ':status': sayable(status), ...withoutOneConnection(fieldsOf(lines)) })
    stream.end(body)
    stopSending(stream)
    leaveToTake(stream, engine.parked, engine.idleMs)
  }

  /** Has the middlewares of the route decide; one that has come to want bodies can't be served from here on. */
  private enter({ middlewares }: TableRoute, chain: Chain): void {
    const isOfCall = isCall(this.asked.headers('content-type')[0])
    this.guard?.done(0)
    this.guard = undefined
    if (isOfCall && middlewares.some(readsBody)) return this.answer(noWholeBody)
    if (!isOfCall && !areOfStreams(middlewares)) return this.answer(notYet)
    const decided = {
      pass: () => this.look(performance.now()),
      answer: (own: OwnAnswer) => {
        this.trail?.told(own, 'middleware')
        this.sendOwn(own)
      },
    }
    this.guard = new HeadGuard(chain, this.asked, decided, isOfCall)
    void this.guard.enter()
  }

  private ask(route: TableRoute, upstream: Upstream): void {
    const { target } = upstream
    this.upstream = upstream
    this.triedMs = performance.now()
    upstream.began()
    this.trail?.tried(target)
    const opened = (ask: Ask | undefined) => {
      clearTimeout(this.timer)
      this.leave = undefined
      if (ask) this.send(ask, route, upstream)
      else this.unreached(refused)
    }
    const owner = ownerFor(target, this.asked.origin.ends)
    const cancel = this.engine.endpointSessions.open(target, opened, owner)
    this.leave = cancel
    const connectMs = this.guard?.limits.connectMs ?? connectTimeoutMs(target)
    this.timer = setTimeout(
      () => {
        cancel()
        this.unreached(timedOut)
      },
      Math.min(connectMs, longestTimerMs),
    )
  }

  /** Nothing was sent: somebody else may have it. */
  private unreached(failure: Answer): void {
    const { engine, upstream } = this
    const nowMs = performance.now()
    this.ended('connect', nowMs)
    this.failure = failure
    if (upstream) (this.tried ??= new Set()).add(upstream)
    if (engine.budget.spend(nowMs)) engine.counts.retried()
    this.look(nowMs)
  }

  private send(ask: Ask, route: TableRoute, upstream: Upstream): void {
    const { stream, asked, engine, id, trail } = this
    upstream.reached()
    const text = (this.guard ?? asked).textFor(route, upstream.target, id)
    const { headers } = endpointHead(headOf(text.trimEnd()))
    const ends: Ends = {
      answered: (head) => {
        if (upstream.timed) upstream.answered(performance.now() - this.triedMs)
        return this.bound(this.guard?.answered(head) ?? head, route, upstream)
      },
      done: (status, isCut) => {
        const whole = status >= 500 ? 'status5xx' : 'ok'
        this.ended(isCut ? 'reset' : whole, performance.now())
        this.count(status)
        leaveToTake(stream, engine.parked, engine.idleMs)
      },
      lost: (loss) => this.lost(loss),
      tooLarge: () => this.tooLarge(),
    }
    const bounds = this.guard?.limits
    const { firstByteMs = engine.firstByteMs, idleMs: stillMs = engine.idleMs } = bounds ?? {}
    const limits = { ...bounds, firstByteMs, stillMs }
    this.joined = new Join(stream, ask, headers, limits, ends, trail)
    this.joined.count(engine.parked)
  }

  /** The head of an answer, which binds the client to its endpoint if it is to be bound and is not. */
  private bound(head: OutgoingHttpHeaders, route: TableRoute, upstream: Upstream) {
    const cookie = this.engine.chooser.setCookie(route, upstream, this.asked)
    if (cookie === undefined) return head
    return { ...head, 'set-cookie': [head['set-cookie'] ?? [], cookie].flat() }
  }

  /** The client has sent more than it may before there was an answer. */
  private tooLarge(): void {
    this.joined = undefined
    this.ended('moot', performance.now())
    this.answer(tooLarge)
  }

  /** No answer has come. */
  private lost({ isLate, wasRefused, isUntouched }: Loss): void {
    const { engine, asked, upstream } = this
    const nowMs = performance.now()
    this.joined = undefined
    this.ended(isLate ? 'timeout' : wasRefused ? 'moot' : 'reset', nowMs)
    this.failure = isLate ? timedOut : refused
    // an endpoint that has refused a stream has not looked at it (RFC 9113, 8.7)
    const isSafe = isUntouched && (wasRefused || (asked.isRepeatable && !isLate))
    const may = isSafe && upstream !== undefined && this.repeats?.mayFollow(upstream) !== false
    if (!may || !engine.budget.spend(nowMs)) return this.answer(this.failure)
    this.repeats ??= new Repeats()
    this.repeats.follow(upstream)
    engine.counts.retried()
    this.look(nowMs)
  }

  private ended(how: Ending, nowMs: number): void {
    const { upstream } = this
    this.upstream = undefined
    upstream?.ended(how, nowMs - this.triedMs)
  }

  /** The client's stream is closed. */
  private gone(): void {
    if (this.isOver) return
    clearTimeout(this.timer)
    this.leave?.()
    this.joined?.cancel()
    this.ended('moot', performance.now())
    this.trail?.cut('gone')
    this.count(this.joined?.status ?? 0)
  }

  private count(status: number): void {
    const { engine, front, route, startedMs: beganMs, trail, id } = this
    if (this.isOver) return
    this.isOver = true
    this.guard?.done(status)
    const nowMs = performance.now()
    const seconds = (nowMs - beganMs) / 1000
    engine.counts.answered(front.slot, route?.slot ?? 0, status, seconds)
    trail?.end({ route, status, id, beganMs, nowMs })
  }
}
