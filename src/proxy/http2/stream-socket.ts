import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'

import type { Parked } from '../exchange/parked.ts'
import { answerHead } from './answer-head.ts'
import { chunkOf, lastChunk } from './chunks.ts'
import { countHeldUp } from './held-up.ts'
import type { Framing, Head } from './message-reader.ts'
import type { RequestText } from './request-head.ts'
import { TranslatedSocket } from './translated-socket.ts'

type Done = (error?: Error | null) => void

const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants
const highWaterMark = 64 * 1024
const stopMs = 500

/**
 * A connection of HTTP/1.1 that nobody has dialled: what the engine reads from it are requests that came by HTTP/2, one
 * after the other, and what it writes goes to the stream of the request. So all that is done with requests is done in
 * one place, whichever way they come.
 */
export class StreamSocket extends TranslatedSocket<ServerHttp2Stream> {
  /** It may have another request. */
  private readonly onFree: (socket: StreamSocket) => void
  private readonly parked: Parked
  private isHead = false
  private isTunnel = false
  /** The answer's connection is to end after it. */
  private isLast = false
  /** All of the answer has come. */
  private isWhole = false

  constructor(onFree: (socket: StreamSocket) => void, parked: Parked) {
    super({ readableHighWaterMark: highWaterMark, writableHighWaterMark: highWaterMark })
    this.onFree = onFree
    this.parked = parked
  }

  /** Has the engine answer `head` on `stream`; only while there is no other request. */
  serve(stream: ServerHttp2Stream, request: RequestText, isHead: boolean): void {
    const { text, isChunked, isTunnel } = request
    this.stream = stream
    this.isTunnel = isTunnel
    this.isHead = isHead
    this.isLast = false
    this.isWhole = false
    if (!stream.endAfterHeaders) countHeldUp(stream, this.parked, () => this.destroy())
    stream.on('data', (bytes: Buffer) => {
      if (!this.push(isChunked ? chunkOf(bytes) : bytes)) stream.pause()
    })
    if (isChunked) stream.on('end', () => this.push(lastChunk))
    if (isTunnel) stream.on('end', () => this.push(null))
    // without an error it closes only when all that came has been read, which may be never
    stream.on('aborted', () => this.destroy())
    stream.on('close', () => this.leave(stream))
    // why it was closed says its code
    stream.on('error', () => {})
    this.push(text, 'latin1')
  }

  onHead(head: Head): Framing | undefined {
    const { stream } = this
    const { status, headers, framing, isLast } = answerHead(head, this.isHead)
    if (status === 101 && this.isTunnel) {
      this.isLast = true
      if (stream && !stream.destroyed) this.respond(stream, tunnelHeaders(headers), 'close')
      return 'close'
    }
    if (status < 200) {
      if (status !== 101 && stream?.headersSent === false) stream.additionalHeaders(headers)
      return undefined
    }
    this.isLast = isLast
    if (stream && !stream.destroyed) this.respond(stream, headers, framing)
    return framing
  }

  onMessageEnd(): void {
    const { stream } = this
    this.isWhole = true
    if (!stream) return
    stream.end()
    if (!hasSentAll(stream)) stopSending(stream)
  }

  override _final(done: Done): void {
    if (!this.reader.end()) this.stream?.close(NGHTTP2_INTERNAL_ERROR)
    done()
  }

  /** The engine has cut the connection, or the stream has been closed by the client. */
  override _destroy(error: Error | null, done: Done): void {
    const { stream, isWhole, unsent } = this
    // a client that takes nothing would keep what is left of an answer for ever
    if (stream && (!isWhole || unsent > 0)) stream.close(NGHTTP2_INTERNAL_ERROR)
    this.forget()
    done(error)
  }

  /**
   * Where nobody knows how long an answer is, its end is the only sign that it is whole, and Node ends streams that are
   * cut: so the end is asked for.
   */
  private respond(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders, framing: Framing): void {
    const waitForTrailers = framing === 'chunked' || framing === 'close'
    if (waitForTrailers) {
      stream.on('wantTrailers', () => {
        if (this.isWhole) stream.sendTrailers({})
      })
    }
    const endStream = framing === 'none' || (!waitForTrailers && framing.length === 0)
    stream.respond(headers, { endStream, waitForTrailers })
  }

  private leave(stream: ServerHttp2Stream): void {
    this.stream = undefined
    // after what was to be a tunnel nothing more comes
    const isOpen = !this.isLast && !this.isTunnel && !this.destroyed
    const isReady = this.isWhole && this.reader.isIdle && hasSentAll(stream)
    if (isOpen && isReady) this.onFree(this)
    else this.destroy()
  }
}

/** HTTP/2 has no upgrades: the answer to a request for a tunnel is that there is one (RFC 8441, 5.1). */
function tunnelHeaders(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return { ...headers, ':status': 200, 'sec-websocket-accept': undefined }
}

/**
 * Nobody will read the rest of what the client sends. It has a moment to see that by itself: clients forget what they
 * have not read of an answer when its stream is closed, and Node forgets what it has not written.
 */
export function stopSending(stream: ServerHttp2Stream): void {
  const timer = setTimeout(() => stream.close(NGHTTP2_NO_ERROR), stopMs)
  stream.once('close', () => clearTimeout(timer))
}

function hasSentAll({ readableEnded, endAfterHeaders }: ServerHttp2Stream): boolean {
  return readableEnded || endAfterHeaders
}
