import { cr, hexValues, lf, tokenBytes, valueBytes } from './bytes.ts'
import { limits } from './limits.ts'

/** What `next` found. */
export const chunk = {
  /** The bytes are used up. */
  more: 0,
  /** `start` to `end` is content. */
  data: 1,
  /** `start` to `end` is framing that says nothing and goes no further: of an extension or a trailer. */
  extra: 2,
  /** The body ends at `end`. */
  done: 3,
  bad: 4,
} as const

const state = {
  size: 0,
  extension: 1,
  sizeCr: 2,
  sizeLf: 3,
  data: 4,
  dataCr: 5,
  dataLf: 6,
  lineStart: 7,
  trailerName: 8,
  trailerValue: 9,
  trailerLf: 10,
  lastLf: 11,
} as const

/** Within an extension (RFC 9112, 7.1.1), without the blanks that it allows. */
const part = {
  start: 0,
  nameStart: 1,
  name: 2,
  valueStart: 3,
  value: 4,
  quoted: 5,
  escape: 6,
  closed: 7,
} as const

const semicolon = 0x3b
const colon = 0x3a
const equals = 0x3d
const quote = 0x22
const backslash = 0x5c

/** Follows the chunks of one body (RFC 9112, 7.1) over pieces that are cut anywhere. */
export class ChunkScanner {
  /** Of what `next` found; what comes after it begins at `end`. */
  start = 0
  end = 0
  private state: number = state.size
  private part: number = part.start
  private size = 0
  private digits = 0
  /** Bytes of extensions and of trailers. */
  private extensions = 0
  private trailers = 0

  /** For the next body. */
  reset(): void {
    this.state = state.size
    this.part = part.start
    this.size = 0
    this.digits = 0
    this.extensions = 0
    this.trailers = 0
  }

  /** The next thing in the bytes from `from` to `to`: a value of `chunk`. */
  next(bytes: Buffer, from: number, to: number): number {
    for (let at = from; at < to; at++) {
      const byte = bytes[at] ?? 0
      switch (this.state) {
        case state.size:
          if (byte === semicolon && this.digits > 0) return this.extension(bytes, at, to)
          if (!this.sizeByte(byte)) return chunk.bad
          break
        case state.extension:
          return this.extension(bytes, at, to)
        case state.data:
          return this.data(at, to)
        case state.lineStart:
          if (byte !== cr) return this.trailer(bytes, at, to)
          this.state = state.lastLf
          break
        case state.trailerName:
        case state.trailerValue:
        case state.trailerLf:
          return this.trailer(bytes, at, to)
        case state.lastLf:
          this.end = at + 1
          return byte === lf ? chunk.done : chunk.bad
        default:
          if (!this.lineByte(byte)) return chunk.bad
      }
    }
    this.end = to
    return chunk.more
  }

  private data(at: number, to: number): number {
    this.start = at
    this.end = Math.min(to, at + this.size)
    this.size -= this.end - at
    if (this.size === 0) this.state = state.dataCr
    return chunk.data
  }

  private sizeByte(byte: number): boolean {
    const digit = hexValues[byte] ?? 255
    if (digit < 16) {
      this.size = this.size * 16 + digit
      return ++this.digits <= limits.chunkDigits
    }
    this.state = state.sizeLf
    return byte === cr && this.digits > 0
  }

  /** The ends of lines around a size and behind content. */
  private lineByte(byte: number): boolean {
    switch (this.state) {
      case state.sizeCr:
        this.state = state.sizeLf
        return byte === cr
      case state.sizeLf:
        this.state = this.size === 0 ? state.lineStart : state.data
        return byte === lf
      case state.dataCr:
        this.state = state.dataLf
        return byte === cr
      default:
        this.state = state.size
        this.digits = 0
        return byte === lf
    }
  }

  private extension(bytes: Buffer, from: number, to: number): number {
    let at = from
    if (this.state === state.size) this.part = part.start
    this.state = state.extension
    for (; at < to; at++) {
      const byte = bytes[at] ?? 0
      if (byte === cr && isEndOfExtension(this.part)) {
        this.state = state.sizeCr
        break
      }
      this.part = nextPart(this.part, byte)
      if (this.part < 0) return chunk.bad
    }
    this.start = from
    this.end = at
    this.extensions += at - from
    return this.extensions > limits.extensions ? chunk.bad : chunk.extra
  }

  private trailer(bytes: Buffer, from: number, to: number): number {
    let at = from
    while (at < to) {
      if (!this.trailerByte(bytes[at++] ?? 0)) return chunk.bad
      if (this.state === state.lineStart) break
    }
    this.start = from
    this.end = at
    this.trailers += at - from
    return this.trailers > limits.trailers ? chunk.bad : chunk.extra
  }

  private trailerByte(byte: number): boolean {
    switch (this.state) {
      case state.lineStart:
        this.state = state.trailerName
        return tokenBytes[byte] === 1
      case state.trailerName:
        if (byte === colon) this.state = state.trailerValue
        return byte === colon || tokenBytes[byte] === 1
      case state.trailerValue:
        if (byte === cr) this.state = state.trailerLf
        return byte === cr || valueBytes[byte] === 1
      default:
        this.state = state.lineStart
        return byte === lf
    }
  }
}

function isEndOfExtension(at: number): boolean {
  return at === part.name || at === part.value || at === part.closed
}

/** The part of an extension that comes with `byte`; -1 if it must not come. */
function nextPart(at: number, byte: number): number {
  const isToken = tokenBytes[byte] === 1
  const isText = valueBytes[byte] === 1
  switch (at) {
    case part.start:
      return part.nameStart
    case part.nameStart:
      return isToken ? part.name : -1
    case part.name:
      if (byte === equals) return part.valueStart
      return isToken ? part.name : byte === semicolon ? part.nameStart : -1
    case part.valueStart:
      return byte === quote ? part.quoted : isToken ? part.value : -1
    case part.value:
      return isToken ? part.value : byte === semicolon ? part.nameStart : -1
    case part.quoted:
      if (byte === backslash) return part.escape
      return byte === quote ? part.closed : isText ? part.quoted : -1
    case part.escape:
      return isText ? part.quoted : -1
    default:
      return byte === semicolon ? part.nameStart : -1
  }
}
