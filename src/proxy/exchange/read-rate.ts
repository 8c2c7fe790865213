/** What a client has to take in each idle time in which bytes wait for it: usually 1000 bytes a second. */
const leastBytes = 60_000

/**
 * How fast a client takes what waits for it. Only whole writes are seen to go, and the kernel has room for some: so what
 * has been taken is known from below and from above, and a client is too slow only if it is by both.
 */
export class ReadRate {
  /** When the time began that is looked at; negative: nothing waits. */
  private sinceMs = -1
  /** What had gone by then. */
  private gone = 0

  /** Nothing waits. */
  restart(): void {
    this.sinceMs = -1
  }

  /** `sent`: all bytes written so far; `waiting`: those of them that have not gone. To be asked now and then. */
  isTooSlow(sent: number, waiting: number, nowMs: number, idleMs: number): boolean {
    const gone = sent - waiting
    const pastMs = nowMs - this.sinceMs
    if (waiting === 0) this.restart()
    else if (this.sinceMs < 0) this.begin(gone, nowMs)
    else if (pastMs > idleMs) {
      const least = (leastBytes * pastMs) / idleMs
      if (gone - this.gone >= least) this.begin(gone, nowMs)
      else return sent - this.gone < least
    }
    return false
  }

  private begin(gone: number, nowMs: number): void {
    this.sinceMs = nowMs
    this.gone = gone
  }
}
