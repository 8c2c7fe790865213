import { performance } from 'node:perf_hooks'

import type { AnswerHead } from '../http1/answer-head.ts'
import type { AnswerTaker, Loss } from '../http1/answer-taker.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { RequestTaker } from '../http1/request-taker.ts'
import { UpstreamConnection } from '../http1/upstream-connection.ts'
import type { TableRoute } from '../table/route.ts'
import type { Upstream } from '../worker/upstream.ts'
import { afterLoss, waitForSomebody } from './again.ts'
import { badRequest, closedRoute, notYet, refused, unknownHost } from './answers.ts'
import { type Guard, guardRequest } from './guard.ts'
import { dropKept, keep, takeKept } from './kept.ts'
import { Life, phase } from './life.ts'
import { mirrorRequest } from './mirror.ts'
import { ownerFor } from './owner.ts'
import { say } from './say.ts'
import { endLate } from './time-limits.ts'
import { redirected } from './to-https.ts'
import { Tunnel } from './tunnel.ts'

const mostInterims = 16

/** One request and its answer; the same object for all of a connection, one after the other. */
export class Exchange extends Life implements RequestTaker, AnswerTaker {
  onRequest(head: RequestHead, bytes: Buffer): void {
    const { engine, asked } = this
    this.begin()
    const wrong = asked.read(head, bytes)
    this.trail?.read(head.end - head.start)
    if (wrong) return this.refuse(wrong)
    this.client.expect(asked.content, asked.length, asked.waitsForContinue)
    this.sending.reset(asked.content === 'none')
    this.answering.closes = !asked.keepsAlive || engine.isEnding
    if (asked.isForUs) return this.answerEmpty()
    this.id = engine.ids.next()
    engine.budget.earn()
    this.look(this.startedMs)
  }

  /** Finds an endpoint and asks it. */
  look(nowMs: number): void {
    const { engine, asked } = this
    const route = this.finder.find(asked)
    this.route = route
    this.leaveHold = undefined
    if (route === undefined) {
      return this.answer(this.failure ?? (engine.tables.table.complete ? unknownHost : notYet))
    }
    if (route.closed !== undefined) return this.answer(closedRoute)
    if (route.toHttps && redirected(this, this.front)) return
    const { chain } = route
    if (chain !== undefined && this.guard?.isThrough(chain) !== true) {
      return guardRequest(this, chain)
    }
    const upstream = engine.chooser.choose(route, asked, this.tried, nowMs)
    if (upstream === undefined) return waitForSomebody(this, route)
    this.ask(route, upstream)
  }

  get mustKnow(): boolean {
    return !this.asked.isRepeatable
  }

  onConnected(): void {
    const { connection } = this
    this.phase = phase.sent
    this.movedMs = this.engine.nowMs
    this.upstream?.reached()
    this.sayContinue()
    if (connection) this.sending.open(connection, true)
  }

  copiesContent(size: number): boolean {
    return this.phase === phase.sent && this.guard === undefined && this.sending.copies(size)
  }

  onContent(bytes: Buffer, start: number, end: number): void {
    if (this.phase === phase.idle) return
    this.movedMs = this.engine.nowMs
    const { guard, trail, tunnel } = this
    if (trail !== undefined) trail.received += end - start
    if (tunnel !== undefined) return say(this, tunnel, bytes, start, end)
    if (guard !== undefined && !guard.admits(bytes, start, end)) return
    if (!this.sending.content(bytes, start, end)) return this.overflow()
    guard?.body.content(bytes, start, end)
  }

  onContentEnd(): void {
    this.sending.end()
    this.guard?.body.end()
  }

  onReadAll(): void {
    if (this.phase === phase.sent) this.sending.flush()
  }

  onSent(): void {
    this.movedMs = this.engine.nowMs
    this.sending.unpark()
    if (this.client.isPaused) this.client.resume()
  }

  onInterim(head: AnswerHead, bytes: Buffer): boolean {
    this.movedMs = this.engine.nowMs
    this.answering.interim(head, bytes)
    return ++this.interims <= mostInterims
  }

  onAnswer(head: AnswerHead, bytes: Buffer, ends: number): void {
    const { answering, client, connection, upstream } = this
    this.phase = phase.answering
    this.movedMs = this.engine.nowMs
    if (this.trail !== undefined) this.trail.firstByteMs = performance.now()
    if (upstream?.timed === true) upstream.answered(performance.now() - this.triedMs)
    // the rest of a body that nobody read can not be told from a next request
    if (client.isOwing || this.engine.isEnding) answering.closes = true
    if (this.guard !== undefined) this.guard.answered(head, bytes, ends)
    else if (connection) answering.begin(head, bytes, ends, connection, this.stickyText())
    if (head.status === 101) this.beginTunnel()
  }

  onPiece(bytes: Buffer, start: number, end: number): boolean {
    const { connection, tunnel, guard } = this
    if (!connection) return false
    this.movedMs = this.engine.nowMs
    const isGuarded = guard !== undefined && tunnel === undefined
    if (isGuarded && !this.isWanted(guard, bytes, start, end)) return false
    if (this.client.stream.writableLength === 0) connection.lent.reclaim()
    if (tunnel) {
      if (tunnel.isLeaving) return false
      tunnel.pass(bytes, start, end)
    }
    return this.answering.piece(bytes, start, end, connection)
  }

  onRead(): void {
    this.answering.flush()
  }

  onAnswerEnd(): void {
    const { answering, client, connection, upstream } = this
    const nowMs = performance.now()
    const pour = this.guard?.pour
    if (pour === undefined) answering.end()
    this.connection = undefined
    this.ended((pour ?? answering).status >= 500 ? 'status5xx' : 'ok', nowMs)
    if (connection && upstream) {
      // what it has not taken of this request stands before the next one
      const isUnread = client.isOwing || connection.socket.writableLength > 0
      if (isUnread || this.tunnel) connection.destroy()
      else {
        answering.owe(connection.lent.handOver())
        keep(upstream, connection, nowMs)
      }
    }
    if (pour === undefined) this.finish(nowMs)
    else pour.end()
  }

  onLost(loss: Loss): void {
    const { connection, upstream } = this
    this.connection = undefined
    if (!connection || !upstream) return
    this.sending.close()
    this.onPartial(0)
    if (this.phase !== phase.answering) return afterLoss(this, upstream, connection, loss)
    const nowMs = performance.now()
    this.ended(loss === 'late' ? 'timeout' : 'reset', nowMs)
    if (this.guard?.pour) return this.guard.pour.lost()
    if (this.answering.isUnseen) return this.answer(refused)
    // nobody must take what has come for whole
    this.trail?.cut(loss === 'late' ? 'timeout' : 'cut')
    this.count(this.answering.status, nowMs)
    this.client.destroy()
  }

  onMalformed(status: number, why: string): void {
    if (this.phase === phase.idle) this.begin()
    this.refuse(badRequest(status, why))
  }

  onClientEnd(): void {
    if (!this.client.hasMore) this.answering.closes = true
    if (this.tunnel) this.connection?.socket.end()
    else this.endedMs = performance.now()
  }

  onClientGone(): void {
    this.answering.unpark()
    this.heads?.fromClient(0)
    if (this.phase === phase.idle) return
    const nowMs = performance.now()
    this.leaveHold?.()
    this.drop()
    this.trail?.cut('gone')
    this.count(this.answering.status, nowMs)
  }

  onClientDrain(): void {
    const { connection } = this
    this.answering.unpark()
    if (!connection) return
    this.movedMs = this.engine.nowMs
    if (connection.isPaused) connection.resume()
  }

  /** Tries again in `waitMs`, elsewhere than at `upstream` if there is anybody else. */
  repeat(upstream: Upstream, waitMs: number): void {
    const others = this.route !== undefined && this.route.targets.length > 1
    this.tried = others ? new Set([upstream]) : undefined
    this.drop()
    this.sending.close()
    this.sending.rewind()
    const timer = setTimeout(() => this.look(performance.now()), waitMs)
    this.held(() => clearTimeout(timer))
  }

  /** What of the answer's content goes on here; the guard has the rest. */
  private isWanted(guard: Guard, bytes: Buffer, start: number, end: number): boolean {
    if (!guard.passes(bytes, start, end)) {
      this.client.destroy()
      return false
    }
    guard.pour?.write(bytes, start, end)
    return guard.pour === undefined
  }

  private ask(route: TableRoute, upstream: Upstream): void {
    const { asked, engine, sending } = this
    const isPlain = this.failure === undefined && !asked.isUpgrade && upstream.failures === 0
    const owner = upstream.target.proxyProtocol === null ? undefined : asked.origin.ends
    const kept = isPlain ? takeKept(upstream, asked.isRepeatable, this.startedMs, owner) : undefined
    const connection = kept ?? this.dial(upstream)
    this.upstream = upstream
    this.connection = connection
    this.movedMs = engine.nowMs
    upstream.began()
    this.trail?.tried(upstream.target)
    if (route.mirrored && !this.isMirrored) {
      this.isMirrored = true
      mirrorRequest(this, route)
    }
    connection.begin(this, asked.expected)
    const { guard, id } = this
    sending.prepare((guard ?? asked).textFor(route, upstream.target, id))
    if (!kept) {
      this.phase = phase.connecting
      return
    }
    this.phase = phase.sent
    this.triedMs = this.startedMs
    this.sayContinue()
    // content that is here already is written together with the head
    sending.open(connection, sending.isReady || asked.waitsForContinue)
  }

  private dial(upstream: Upstream): UpstreamConnection {
    this.triedMs = performance.now()
    const { target } = upstream
    // where HTTP/2 is spoken without TLS, HTTP/1.1 most likely is, too; WebSockets go by that
    const isOld = this.asked.isUpgrade && target.protocol === 'h2c'
    return new UpstreamConnection(
      isOld ? { ...target, protocol: 'http' } : target,
      this.engine,
      (ended) => dropKept(upstream, ended),
      ownerFor(target, this.asked.origin.ends),
    )
  }

  /** Tells a client that waits for it to send its content. */
  sayContinue(): void {
    if (this.asked.waitsForContinue && !this.sending.hasContent) {
      this.client.stream.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1')
      this.client.invite()
    }
  }

  private beginTunnel(): void {
    const { client, upstream } = this
    const tunnel = new Tunnel(client.stream, () => client.destroy())
    this.tunnel = tunnel
    this.answering.closes = true
    upstream?.opened(tunnel)
    client.tunnel()
    if (client.hasEnded) this.connection?.socket.end()
  }

  onTick(nowMs: number): void {
    this.sending.recount()
    endLate(this, this.phase, nowMs)
  }
}
