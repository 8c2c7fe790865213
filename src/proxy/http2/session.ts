import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Duplex } from 'node:stream'

import type { Parked } from '../exchange/parked.ts'
import { countHead, streamWindow } from './held-up.ts'
import { requestText } from './request-head.ts'
import { stopSending, StreamSocket } from './stream-socket.ts'

export type SessionOptions = {
  /** Who answers what comes over a connection of HTTP/1.1. */
  readonly attach: (connection: StreamSocket) => void
  /** Takes a request itself, and says so; the others go to a connection. */
  readonly parked: Parked
  readonly take?: (stream: ServerHttp2Stream, raw: readonly string[]) => boolean
}

/** The connection of one client that speaks HTTP/2. */
export type Session = {
  /** Says that the connection will end; the client may go on for a moment. */
  announceEnd(): void
  /** Takes no more requests, and ends with the last. */
  close(): void
  cut(): void
}

const { NGHTTP2_NO_ERROR } = constants
/** Any stream that the client may have begun meanwhile is one of the last. */
const lastStream = 2 ** 31 - 1
/** A client without a request, and one that takes nothing of its answers, are let go after so long. */
const idleMs = 75_000
/** What a client may send ahead, over all its streams. */
const sessionWindow = 1024 * 1024

const options = {
  settings: {
    maxConcurrentStreams: 250,
    initialWindowSize: streamWindow,
    maxHeaderListSize: 64 * 1024,
    // WebSockets (RFC 8441)
    enableConnectProtocol: true,
  },
  maxHeaderListPairs: 256,
  // what a service says twice goes on twice, as by HTTP/1.1
  strictSingleValueFields: false,
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  // begun and taken back at once (CVE-2023-44487): so many, and then so many each second
  streamResetBurst: 200,
  streamResetRate: 33,
} as const

/** Speaks HTTP/2 over `socket`, whose handshake is over. `ended` is called when it is closed. */
export function session(
  socket: Duplex,
  { attach, parked, take = () => false }: SessionOptions,
  ended: () => void,
): Session {
  const connections = new Connections(attach, parked)
  const http2 = performServerHandshake(socket, options)
  let open = 0

  function onStream(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    _flags: number,
    raw: readonly string[],
  ): void {
    open++
    stream.on('close', () => open--)
    // why it was closed says its code
    stream.on('error', () => {})
    countHead(stream, raw, parked)
    // there may be no room for it
    if (stream.closed) return
    if (take(stream, raw)) return
    const text = requestText(raw, stream.endAfterHeaders)
    if (typeof text === 'number') return refuse(stream, text)
    connections.take().serve(stream, text, headers[':method'] === 'HEAD')
  }

  http2.on('stream', onStream)
  http2.on('error', () => http2.destroy())
  // who has closed one half can take part in nothing any more, and sockets are half open here
  socket.on('end', () => http2.destroy())
  http2.on('connect', () => http2.setLocalWindowSize(sessionWindow))
  http2.setTimeout(idleMs, () => {
    if (open === 0) http2.close()
  })
  http2.on('close', () => {
    connections.close()
    ended()
  })
  return {
    announceEnd: () => act(http2, () => http2.goaway(NGHTTP2_NO_ERROR, lastStream)),
    close: () => act(http2, () => http2.close()),
    cut: () => http2.destroy(),
  }
}

/** The connections of HTTP/1.1 that a session's requests go over; those that are free are used again. */
class Connections {
  private readonly free: StreamSocket[] = []
  private readonly attach: SessionOptions['attach']
  private readonly parked: Parked

  constructor(attach: SessionOptions['attach'], parked: Parked) {
    this.attach = attach
    this.parked = parked
  }

  take(): StreamSocket {
    const { free } = this
    const kept = free.pop()
    if (kept) return kept
    const made = new StreamSocket((one) => free.push(one), this.parked)
    made.on('close', () => {
      const at = free.indexOf(made)
      if (at >= 0) free.splice(at, 1)
    })
    made.on('error', () => made.destroy())
    this.attach(made)
    return made
  }

  close(): void {
    for (const one of this.free.splice(0)) one.destroy()
  }
}

/** Answers a request that no engine could read. */
function refuse(stream: ServerHttp2Stream, status: number): void {
  stream.on('error', () => {})
  stream.respond({ ':status': status }, { endStream: true })
  stopSending(stream)
}

function act({ closed, destroyed }: ServerHttp2Session, what: () => void): void {
  if (!closed && !destroyed) what()
}
