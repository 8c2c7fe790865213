import { performance } from 'node:perf_hooks'

import type { Trail } from '../access/trail.ts'
import { noService } from '../counters.ts'
import type { ClientConnection } from '../http1/client-connection.ts'
import type { UpstreamConnection } from '../http1/upstream-connection.ts'
import type { OwnAnswer } from '../middleware/draft.ts'
import type { TableRoute } from '../table/route.ts'
import type { Ending, Upstream } from '../worker/upstream.ts'
import { Answering } from './answering.ts'
import { type Answer, overfull } from './answers.ts'
import type { Asked } from './asked.ts'
import type { Engine } from './engine.ts'
import { RouteFinder } from './find.ts'
import type { Front } from './front.ts'
import type { Guard } from './guard.ts'
import { Heads } from './heads.ts'
import type { Repeats } from './repeats.ts'
import { Sending } from './sending.ts'
import type { Tunnel } from './tunnel.ts'

/** How far an exchange is. */
export const phase = { idle: 0, held: 1, connecting: 2, sent: 3, answering: 4 } as const

/** How an exchange begins, waits and ends, and all that is known of it in between. */
export class Life {
  readonly engine: Engine
  readonly asked: Asked
  readonly sending: Sending
  /** Monotonic. */
  startedMs = 0
  /** Endpoints that failed. */
  tried: Set<Upstream> | undefined
  /** What the client gets if nobody else is found. */
  failure: Answer | undefined
  /** Undefined until it is sent again to an endpoint though another one may have seen it. */
  repeats: Repeats | undefined
  readonly client: ClientConnection
  protected readonly front: Front
  protected readonly finder: RouteFinder
  readonly answering: Answering
  /** What middlewares do with the request; undefined on a route without. */
  guard: Guard | undefined
  protected phase: number = phase.idle
  route: TableRoute | undefined
  upstream: Upstream | undefined
  connection: UpstreamConnection | undefined
  protected leaveHold: (() => void) | undefined
  protected tunnel: Tunnel | undefined
  /** When the try began. */
  triedMs = 0
  /** When something moved the last time, by the clock of ticks. */
  movedMs = 0
  /** When the client closed its half. */
  endedMs = Infinity
  id = ''
  protected interims = 0
  /** Mirrors had their chance. */
  protected isMirrored = false
  /** Undefined until there is something of such. */
  protected heads: Heads | undefined
  /** For the access log; undefined while there is none. */
  trail: Trail | undefined

  constructor(client: ClientConnection, asked: Asked, front: Front, engine: Engine) {
    this.client = client
    this.asked = asked
    this.front = front
    this.engine = engine
    this.finder = new RouteFinder(engine.tables, front.entrypoint)
    this.sending = new Sending(client, engine.sender, engine.parked)
    this.answering = new Answering(client, asked, engine.sender, engine.parked)
    this.guard = undefined
    this.tried = undefined
    this.failure = undefined
    this.repeats = undefined
    this.route = undefined
    this.upstream = undefined
    this.connection = undefined
    this.leaveHold = undefined
    this.tunnel = undefined
    this.heads = undefined
    this.trail = undefined
  }

  /** The route that requests like this one take now. */
  current(): TableRoute | undefined {
    return this.finder.find(this.asked)
  }

  /** Waits, until `leave` is called. */
  held(leave: () => void): void {
    this.phase = phase.held
    this.leaveHold = leave
  }

  /** The try has ended. */
  ended(how: Ending, nowMs: number): void {
    const { upstream, tunnel } = this
    if (!upstream) return
    if (tunnel) upstream.tunnels.delete(tunnel)
    upstream.ended(how, nowMs - this.triedMs)
    this.upstream = undefined
  }

  /** Answers ourselves. */
  answer(answer: Answer | OwnAnswer): void {
    this.trail?.told(answer, 'middleware')
    if (this.client.isOwing || this.engine.isEnding) this.answering.closes = true
    this.drop()
    if (this.guard !== undefined) {
      this.sending.close()
      return this.guard.answer(answer)
    }
    this.answering.own(answer, this.asked.headers('accept').join())
    this.finish(performance.now())
  }

  /** Sends an answer of our own as it is. */
  sendOwn(answer: OwnAnswer): void {
    this.trail?.told(answer, 'middleware')
    if (this.client.isOwing || this.engine.isEnding) this.answering.closes = true
    this.drop()
    this.answering.whole(answer)
    this.finish(performance.now())
  }

  /** There is no room for the content. */
  protected overflow(): void {
    if (this.answering.isUnseen) this.answer(overfull)
    else this.client.destroy()
  }

  /** The header that binds the client to its endpoint, if it is to be bound and is not. */
  stickyText(): string {
    const { asked, engine, route, upstream } = this
    if (!route || route.policy.sticky === false || !upstream) return ''
    const cookie = engine.chooser.setCookie(route, upstream, asked)
    return cookie === undefined ? '' : `set-cookie: ${cookie}\r\n`
  }

  /** The content of the answer has gone, on its own way. */
  poured(): void {
    this.finish(performance.now())
  }

  onStash(bytes: number): void {
    this.heads ??= new Heads(this.client, this.engine.parked)
    this.heads.fromClient(bytes)
  }

  onPartial(bytes: number): void {
    if (bytes > 0) this.heads ??= new Heads(this.client, this.engine.parked)
    this.heads?.fromEndpoint(bytes)
  }

  onWaiting(): void {
    this.answering.recount(this.connection?.lent.bytes ?? 0)
  }

  /** Something has gone to the client. */
  moved(): void {
    this.movedMs = this.engine.nowMs
  }

  protected begin(): void {
    this.startedMs = performance.now()
    this.phase = phase.held
    this.route = undefined
    this.tried = undefined
    this.failure = undefined
    this.repeats = undefined
    this.interims = 0
    this.isMirrored = false
    this.id = ''
    this.trail?.begin()
    this.answering.reset()
    this.engine.counts.began(this.front.slot)
  }

  /** Nothing that comes after what was refused can be understood. */
  protected refuse(answer: Answer): void {
    const isUnseen = this.answering.isUnseen
    this.trail?.told(answer, 'bad request')
    this.answering.closes = true
    this.leaveHold?.()
    this.drop()
    if (!isUnseen) return this.client.destroy()
    this.client.refuse()
    this.answering.own(answer, '')
    this.finish(performance.now())
  }

  protected answerEmpty(): void {
    if (this.client.isOwing) this.answering.closes = true
    this.answering.empty()
    this.finish(performance.now())
  }

  /** Lets go of the endpoint. */
  protected drop(): void {
    const { connection } = this
    this.connection = undefined
    connection?.destroy()
    this.onPartial(0)
    this.ended('moot', performance.now())
  }

  protected count(status: number, nowMs: number): void {
    const { engine, front, finder, route, tunnel } = this
    this.phase = phase.idle
    this.leaveHold = undefined
    tunnel?.close()
    this.guard?.done(status)
    this.guard = undefined
    this.tunnel = undefined
    this.sending.clear()
    const seconds = (nowMs - this.startedMs) / 1000
    engine.counts.answered(front.slot, route ? finder.slot : noService, status, seconds)
    if (this.trail !== undefined) this.log(this.trail, status, nowMs)
    if (!this.asked.forget()) return
    finder.forget()
    this.trail?.forget()
  }

  private log(trail: Trail, status: number, nowMs: number): void {
    const { route, id, startedMs: beganMs } = this
    trail.sent = this.answering.sent
    trail.end({ route, status, id, beganMs, nowMs })
  }

  /** The answer is written: the connection goes on, or ends. */
  protected finish(nowMs: number): void {
    const { answering, client, engine } = this
    this.count(answering.status, nowMs)
    if (answering.closes || engine.isEnding) client.end()
    else client.next()
  }
}
