import {
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Duplex } from 'node:stream'

import type { Trail } from '../access/trail.ts'
import type { Limits } from '../middleware/stage.ts'
import type { Ask } from './endpoint-sessions.ts'
import type { AnswerHeaders } from './head-guard.ts'
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
  /** The answer is whole, or has been cut on both sides. */
  done(status: number): void
  lost(loss: Loss): void
  /** More content than may has come before an answer, and goes nowhere. */
  tooLarge(): void
}

/** What both sides are kept to. */
export type Bounds = Limits & { readonly firstByteMs: number }

/** Two streams, of a client and of an endpoint, that carry one request. */
export type Joined = {
  /** 0 until there is an answer. */
  readonly status: number
  /** The client is gone. */
  cancel(): void
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
 * Asks with `headers`, and passes on what both sides say, with trailers, as far as `limits` let. Exactly one of `ends` is
 * called, once, besides `answered`.
 */
export function join(
  client: ServerHttp2Stream,
  ask: Ask,
  headers: OutgoingHttpHeaders,
  limits: Bounds,
  ends: Ends,
  trail: Trail | undefined,
): Joined {
  const endStream = client.endAfterHeaders
  const server = ask(headers, { endStream, waitForTrailers: !endStream })
  let status = 0
  let interims = 0
  let isUntouched = true
  let isLate = false
  let isOver = false
  let timer: NodeJS.Timeout | undefined

  /** An endpoint that gets content may take its time until it has all. */
  const waitForAnswer = () => {
    if (status === 0) timer = setTimeout(late, limits.firstByteMs)
  }
  const late = () => {
    isLate = true
    server.close(NGHTTP2_CANCEL)
  }
  /** One side has sent more than it may. */
  const exceeded = () => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    client.unpipe(server)
    server.close(NGHTTP2_CANCEL)
    if (status === 0) return ends.tooLarge()
    trail?.cut('cut')
    ends.done(status)
    client.close(NGHTTP2_ENHANCE_YOUR_CALM)
  }

  server.on('headers', (interim) => {
    if (++interims > mostInterims) return server.close(NGHTTP2_CANCEL)
    if (!client.headersSent && !client.closed) {
      client.additionalHeaders(withoutOneConnection(interim))
    }
  })
  server.on('response', (head, flags) => {
    clearTimeout(timer)
    if (client.closed || interims > mostInterims) return
    status = sayable(head[':status'] ?? 502)
    const changed = ends.answered(head)
    if (trail) trail.firstByteMs = performance.now()
    const isAll = (flags & NGHTTP2_FLAG_END_STREAM) !== 0
    client.respond(answerHeaders(changed), { endStream: isAll, waitForTrailers: !isAll })
    if (isAll) return
    passAnswer(server, client)
    if (trail) server.on('data', (bytes: Buffer) => (trail.sent += bytes.length))
    bound(server, limits.responseBytes, exceeded)
    if (limits.idleMs !== undefined) server.setTimeout(limits.idleMs, late)
  })
  server.on('error', () => {})
  server.on('close', () => {
    clearTimeout(timer)
    if (isOver) return
    isOver = true
    client.unpipe(server)
    if (status !== 0) {
      const isCut = !isClean(server)
      if (isCut) trail?.cut('cut')
      ends.done(status)
      // the client's end is ours from here on
      if (isCut) client.close(codeOf(server))
      return
    }
    ends.lost({ isLate, wasRefused: server.rstCode === NGHTTP2_REFUSED_STREAM, isUntouched })
  })
  if (endStream) waitForAnswer()
  else {
    passRequest(client, server, () => (isUntouched = false))
    client.once('end', waitForAnswer)
    if (trail) client.on('data', (bytes: Buffer) => (trail.received += bytes.length))
    bound(client, limits.requestBytes, exceeded)
  }

  return {
    get status() {
      return status
    },
    cancel() {
      isOver = true
      server.close(client.rstCode || NGHTTP2_CANCEL)
    },
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
