/** Follows a stream of WebSocket frames (RFC 6455, 5.2) to know where one ends and the next begins. */
export type FrameTracker = {
  push(chunk: Buffer): void
  /** Whether a frame could be put in here. */
  readonly between: boolean
}

export function frameTracker(): FrameTracker {
  let head: number[] = []
  let payload = 0

  return {
    push(chunk) {
      let at = 0
      while (at < chunk.length) {
        if (payload > 0) {
          const skipped = Math.min(payload, chunk.length - at)
          payload -= skipped
          at += skipped
        } else {
          head.push(chunk[at++] ?? 0)
          if (head.length >= headLength(head)) {
            payload = payloadLength(head)
            head = []
          }
        }
      }
    },
    get between() {
      return payload === 0 && head.length === 0
    },
  }
}

/** An unmasked close frame, as servers send it, with code 1001: going away. */
export const goingAway = Buffer.from([0x88, 2, 0x03, 0xe9])

function headLength([, second]: readonly number[]): number {
  if (second === undefined) return 2
  const mask = second >= 0x80 ? 4 : 0
  const length = second & 0x7f
  return 2 + mask + (length === 127 ? 8 : length === 126 ? 2 : 0)
}

function payloadLength([, second = 0, ...more]: readonly number[]): number {
  const length = second & 0x7f
  if (length < 126) return length
  return more.slice(0, length === 126 ? 2 : 8).reduce((sum, byte) => sum * 256 + byte, 0)
}
