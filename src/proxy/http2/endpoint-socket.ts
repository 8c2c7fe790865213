import { type ClientHttp2Stream, constants } from 'node:http2'

import type { Parked } from '../exchange/parked.ts'
import { chunkOf, lastChunk } from './chunks.ts'
import { answerText, endpointHead } from './endpoint-head.ts'
import type { Ask, EndpointPlace, EndpointSessions, Owner } from './endpoint-sessions.ts'
import { countHeldUp } from './held-up.ts'
import type { Framing, Head } from './message-reader.ts'
import { TranslatedSocket } from './translated-socket.ts'

const { NGHTTP2_CANCEL } = constants

/**
 * A connection of HTTP/1.1 to an endpoint of HTTP/2, for one request. It says `connect` when there is a session that
 * takes it. Trailers have no place in what comes back.
 */
export class EndpointSocket extends TranslatedSocket<ClientHttp2Stream> {
  private readonly leave: () => void
  private readonly parked: Parked
  private ask: Ask | undefined
  private isWhole = false

  constructor(sessions: EndpointSessions, place: EndpointPlace, owner: Owner | undefined) {
    super()
    this.parked = sessions.parked
    this.ask = undefined
    const opened = (ask: Ask | undefined) => {
      this.ask = ask
      if (ask) this.emit('connect')
      else this.destroy(new Error('the endpoint can not be reached'))
    }
    this.leave = sessions.open(place, opened, owner)
  }

  onHead(head: Head): Framing {
    const { headers, framing, isHead } = endpointHead(head)
    const stream = this.ask?.(headers, { endStream: framing === 'none' })
    if (stream) this.follow(stream, isHead)
    return framing
  }

  onMessageEnd(): void {
    this.stream?.end()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.leave()
    if (!this.isWhole) this.stream?.close(NGHTTP2_CANCEL)
    this.forget()
    done(error)
  }

  private follow(stream: ClientHttp2Stream, isHead: boolean): void {
    let inChunks = false
    this.stream = stream
    countHeldUp(stream, this.parked, () => this.destroy())
    stream.on('headers', (headers) => this.push(answerText(headers, isHead).text, 'latin1'))
    stream.on('response', (headers) => {
      const { text, isChunked } = answerText(headers, isHead)
      inChunks = isChunked
      this.push(text, 'latin1')
    })
    stream.on('data', (bytes: Buffer) => {
      if (!this.push(inChunks ? chunkOf(bytes) : bytes)) stream.pause()
    })
    stream.on('end', () => {
      // Node ends what was cut as well
      if (stream.rstCode !== 0 || stream.aborted) return
      this.isWhole = true
      if (inChunks) this.push(lastChunk)
    })
    stream.on('error', () => {})
    stream.on('close', () => {
      if (!this.isWhole) this.destroy()
    })
  }
}
