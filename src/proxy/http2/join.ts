import {
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Duplex } from 'node:stream'

import { longestTimerMs } from '../../core/retry.ts'
import type { Trail } from '../access/trail.ts'
import type { Parked } from '../exchange/parked.ts'
import type { Limits } from '../middleware/stage.ts'
import type { Ask } from './endpoint-sessions.ts'
import type { AnswerHeaders } from './head-guard.ts'
import { countHeldUp } from './held-up.ts'
import { sayable, withoutOneConnection } from './one-connection.ts'

/** Interim answers to one request: more help nobody. */
const mostInterims = 16

/** How a request was lost before an answer came. */
export type Loss = {
  /** The first byte did not come in time. */
  readonly isLate: boolean
  /** The endpoint has said that it has done nothing. */
  readonly wasRefused: boolean
  /** Nothing of the request's content has been read. */
  readonly isUntouched: boolean
}

export type Ends = {
  /** Changes the head of the answer on its way to the client. */
  answered(head: AnswerHeaders): OutgoingHttpHeaders
  /** The answer is whole, or has been cut on both sides; `isCut`: by the endpoint. */
  done(status: number, isCut: boolean): void
  lost(loss: Loss): void
  /** More content than may has come before an answer, and goes nowhere. */
  tooLarge(): void
}

/** What both sides are kept to. */
export type Bounds = Limits & {
  readonly firstByteMs: number
  /** How long an endpoint may take nothing of a request that it has not answered. */
  readonly stillMs: number
}

const {
  NGHTTP2_CANCEL,
  NGHTTP2_ENHANCE_YOUR_CALM,
  NGHTTP2_FLAG_END_STREAM,
  NGHTTP2_INTERNAL_ERROR,
  NGHTTP2_NO_ERROR,
  NGHTTP2_REFUSED_STREAM,
} = constants

/**
 * Two streams, of a client and of an endpoint, that carry one request: passes on what both sides say, with trailers, as
 * far as `bounds` let. Exactly one of `ends` is called, once, besides `answered`, unless it is cancelled.
 */
export class Join {
  /** 0 until there is an answer. */
  status = 0
  private readonly client: ServerHttp2Stream
  private readonly server: ClientHttp2Stream
  private readonly bounds: Bounds
  private readonly ends: Ends
  private readonly trail: Trail | undefined
  private interims = 0
  private isUntouched = true
  /** All of the request has come. */
  private isWhole = false
  private isLate = false
  private isOver = false
  private timer: NodeJS.Timeout | undefined

  /** Asks with `headers`. */
  constructor(
    client: ServerHttp2Stream,
    ask: Ask,
    headers: OutgoingHttpHeaders,
    bounds: Bounds,
    ends: Ends,
    trail: Trail | undefined,
  ) {
    const endStream = client.endAfterHeaders
    const server = ask(headers, { endStream, waitForTrailers: !endStream })
    this.client = client
    this.server = server
    this.bounds = bounds
    this.ends = ends
    this.trail = trail
    this.timer = undefined
    server.on('headers', (interim) => this.interim(interim))
    server.on('response', (head, flags) => this.answered(head, flags))
    server.on('error', () => {})
    server.on('close', () => this.closed())
    if (endStream) this.waitForAnswer()
    else this.send()
  }

  /** The client is gone. */
  cancel(): void {
    const { client, server } = this
    this.isOver = true
    clearTimeout(this.timer)
    server.close(client.rstCode || NGHTTP2_CANCEL)
  }

  /** Both streams are held up where their bytes go to somebody who does not keep up. */
  count(parked: Parked): void {
    const giveUp = () => this.client.close(NGHTTP2_ENHANCE_YOUR_CALM)
    countHeldUp(this.server, parked, giveUp)
    if (!this.client.endAfterHeaders) countHeldUp(this.client, parked, giveUp)
  }

  private send(): void {
    const { client, server, trail } = this
    passRequest(client, server, () => (this.isUntouched = false))
    client.on('pause', () => this.waitForRoom())
    client.on('resume', () => this.hasRoom())
    client.once('end', () => this.waitForAnswer())
    if (trail) client.on('data', (bytes: Buffer) => (trail.received += bytes.length))
    bound(client, this.bounds.requestBytes, () => this.exceeded())
  }

  /** An endpoint that gets content may take its time until it has all. */
  private waitForAnswer(): void {
    this.isWhole = true
    this.waitForLate(this.bounds.firstByteMs)
  }

  /** Nothing more is read from a client whose content the endpoint does not take. */
  private waitForRoom(): void {
    if (!this.isWhole) this.waitForLate(this.bounds.stillMs)
  }

  private hasRoom(): void {
    if (!this.isWhole) clearTimeout(this.timer)
  }

  private waitForLate(ms: number): void {
    clearTimeout(this.timer)
    if (this.status === 0 && !this.isOver) {
      this.timer = setTimeout(() => this.late(), Math.min(ms, longestTimerMs))
    }
  }

  private late(): void {
    this.isLate = true
    // it may be gone without a word: who comes after this finds out by a connection of its own
    this.server.session?.close()
    this.server.close(NGHTTP2_CANCEL)
  }

  private interim(head: IncomingHttpHeaders): void {
    const { client, server } = this
    if (++this.interims > mostInterims) return server.close(NGHTTP2_CANCEL)
    if (client.headersSent || client.closed) return
    client.additionalHeaders(withoutOneConnection(head))
  }

  private answered(head: AnswerHeaders, flags: number): void {
    const { client, server, bounds, trail } = this
    clearTimeout(this.timer)
    if (client.closed || this.interims > mostInterims) return
    this.status = sayable(head[':status'] ?? 502)
    const changed = this.ends.answered(head)
    if (trail) trail.firstByteMs = performance.now()
    const isAll = (flags & NGHTTP2_FLAG_END_STREAM) !== 0
    client.respond(answerHeaders(changed), { endStream: isAll, waitForTrailers: !isAll })
    if (isAll) return
    passAnswer(server, client)
    if (trail) server.on('data', (bytes: Buffer) => (trail.sent += bytes.length))
    bound(server, bounds.responseBytes, () => this.exceeded())
    if (bounds.idleMs !== undefined) server.setTimeout(bounds.idleMs, () => this.late())
  }

  /** One side has sent more than it may. */
  private exceeded(): void {
    const { client, server, ends, trail, status } = this
    if (this.isOver) return
    this.isOver = true
    clearTimeout(this.timer)
    client.unpipe(server)
    server.close(NGHTTP2_CANCEL)
    if (status === 0) return ends.tooLarge()
    trail?.cut('cut')
    ends.done(status, false)
    client.close(NGHTTP2_ENHANCE_YOUR_CALM)
  }

  private closed(): void {
    const { client, server, ends, trail, status, isLate, isUntouched } = this
    clearTimeout(this.timer)
    if (this.isOver) return
    this.isOver = true
    client.unpipe(server)
    if (status === 0) {
      const wasRefused = server.rstCode === NGHTTP2_REFUSED_STREAM
      return ends.lost({ isLate, wasRefused, isUntouched })
    }
    const isCut = !isClean(server)
    if (isCut) trail?.cut('cut')
    ends.done(status, isCut)
    // the client's end is ours from here on
    if (isCut) client.close(codeOf(server))
  }
}

/** Calls `exceeded` when more than `most` bytes have come. */
function bound(stream: Duplex, most: number | undefined, exceeded: () => void): void {
  if (most === undefined) return
  let left = most
  stream.on('data', (bytes: Buffer) => {
    left -= bytes.length
    if (left < 0) exceeded()
  })
}

/** Content, and trailers after it. */
function passRequest(
  client: ServerHttp2Stream,
  server: ClientHttp2Stream,
  touched: () => void,
): void {
  let trailers: IncomingHttpHeaders = {}
  client.once('trailers', (sent) => (trailers = sent))
  client.once('data', touched)
  client.once('end', touched)
  server.once('wantTrailers', () => server.sendTrailers(withoutOneConnection(trailers)))
  client.pipe(server)
}

/** Without trailers of its own the end of the answer says that it is whole: Node ends what was cut as well. */
function passAnswer(server: ClientHttp2Stream, client: ServerHttp2Stream): void {
  let trailers: IncomingHttpHeaders = {}
  server.once('trailers', (sent) => (trailers = sent))
  client.once('wantTrailers', () => {
    if (isClean(server)) client.sendTrailers(withoutOneConnection(trailers))
  })
  server.pipe(client)
}

function answerHeaders({ via, ...headers }: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const hops = [...[via ?? []].flat(), '2.0 portolan'].join(', ')
  const status = sayable(Number(headers[':status']))
  return { ...withoutOneConnection(headers), ':status': status, via: hops }
}

function isClean({ readableEnded, rstCode }: ClientHttp2Stream): boolean {
  return readableEnded && rstCode === NGHTTP2_NO_ERROR
}

/** Of a connection that was lost Node says that the request was cancelled, which clients take for no error. */
function codeOf({ rstCode }: ClientHttp2Stream): number {
  const isSaid = rstCode !== NGHTTP2_NO_ERROR && rstCode !== NGHTTP2_CANCEL
  return isSaid ? rstCode : NGHTTP2_INTERNAL_ERROR
}
