import { type ClientHttp2Stream, constants } from 'node:http2'
import { Duplex } from 'node:stream'

import { chunkOf, lastChunk } from './chunks.ts'
import { answerText, endpointHead } from './endpoint-head.ts'
import type { Ask, EndpointPlace, EndpointSessions, SessionOwner } from './endpoint-sessions.ts'
import { type Framing, type Head, MessageReader, type MessageTaker } from './message-reader.ts'

type Done = (error?: Error | null) => void

const { NGHTTP2_CANCEL } = constants

/**
 * A connection of HTTP/1.1 to an endpoint of HTTP/2, for one request. It says `connect` when there is a session that
 * takes it. Trailers have no place in what comes back.
 */
export class EndpointSocket extends Duplex implements MessageTaker {
  private readonly reader: MessageReader
  private readonly leave: () => void
  private ask: Ask | undefined
  private stream: ClientHttp2Stream | undefined
  private isWhole = false
  private unsent = 0
  private done: Done | undefined

  constructor(sessions: EndpointSessions, place: EndpointPlace, owner: SessionOwner | undefined) {
    super()
    this.reader = new MessageReader(this)
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

  onContent(bytes: Buffer): void {
    const { stream } = this
    if (!stream || stream.destroyed || bytes.length === 0) return
    this.unsent++
    stream.write(bytes, () => this.sent())
  }

  onMessageEnd(): void {
    this.stream?.end()
  }

  override _read(): void {
    this.stream?.resume()
  }

  override _write(bytes: Buffer, _: BufferEncoding, done: Done): void {
    try {
      this.reader.push(bytes)
    } catch (error) {
      return done(error instanceof Error ? error : undefined)
    }
    if (this.unsent === 0) done()
    else this.done = done
  }

  override _destroy(error: Error | null, done: Done): void {
    this.leave()
    if (!this.isWhole) this.stream?.close(NGHTTP2_CANCEL)
    this.unsent = 0
    this.sent()
    done(error)
  }

  private follow(stream: ClientHttp2Stream, isHead: boolean): void {
    let inChunks = false
    this.stream = stream
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

  private sent(): void {
    if (this.unsent > 0) this.unsent--
    const { done } = this
    if (this.unsent > 0 || !done) return
    this.done = undefined
    done()
  }
}
