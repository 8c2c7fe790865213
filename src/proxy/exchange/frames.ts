/** Follows a stream of WebSocket frames (RFC 6455, 5.2) to know where one ends and the next begins. */
export class FrameTracker {
  /** Bytes of payload, and of mask, that are still to come. */
  private payload = 0
  /** How many bytes of a head have come; what they say so far. */
  private headBytes = 0
  private isMasked = false
  private lengthBytes = 0
  private length = 0

  /** Whether a frame could be put in here. */
  get between(): boolean {
    return this.payload === 0 && this.headBytes === 0
  }

  push(bytes: Buffer, start = 0, end = bytes.length): void {
    let at = start
    while (at < end) {
      if (this.payload > 0) {
        const skipped = Math.min(this.payload, end - at)
        this.payload -= skipped
        at += skipped
      } else {
        this.headByte(bytes[at++] ?? 0)
      }
    }
  }

  private headByte(byte: number): void {
    const index = this.headBytes++
    if (index === 0) return
    if (index === 1) {
      const length = byte & 0x7f
      this.isMasked = byte >= 0x80
      this.lengthBytes = length === 127 ? 8 : length === 126 ? 2 : 0
      this.length = length < 126 ? length : 0
    } else {
      this.length = this.length * 256 + byte
    }
    if (this.headBytes < 2 + this.lengthBytes) return
    this.payload = this.length + (this.isMasked ? 4 : 0)
    this.headBytes = 0
  }
}

/** An unmasked close frame, as servers send it, with code 1001: going away. */
export const goingAway = Buffer.from([0x88, 2, 0x03, 0xe9])
