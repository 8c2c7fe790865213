import type { Duplex } from 'node:stream'

import { FrameTracker, goingAway } from './frames.ts'

/** How often to look for the end of a frame that is on its way. */
const frameMs = 10

/** An upgraded connection through us, seen from the side of what the server sends. */
export class Tunnel {
  /** Goodbye has been said: what the server sends goes no further. */
  isLeaving = false
  private readonly client: Duplex
  private readonly cut: () => void
  private readonly frames = new FrameTracker()
  private readonly timers = new Set<NodeJS.Timeout>()

  constructor(client: Duplex, cut: () => void) {
    this.client = client
    this.cut = cut
  }

  /** These bytes go to the client. */
  pass(bytes: Buffer, start: number, end: number): void {
    this.frames.push(bytes, start, end)
  }

  /**
   * Says goodbye within the first half of `ms` (between two frames, with 1001), so that clients don't all come back at
   * once; cuts at the end of it. `isWanted` is asked before each step.
   */
  leave(ms: number, isWanted: () => boolean): void {
    if (this.timers.size > 0) return
    this.after((Math.random() * ms) / 2, () => {
      if (isWanted()) this.sayGoodbye()
      else this.close()
    })
    this.after(ms, () => {
      if (isWanted()) this.cut()
      else this.close()
    })
  }

  /** Forgets what was to happen. */
  close(): void {
    for (const timer of this.timers) clearTimeout(timer)
    this.timers.clear()
  }

  private sayGoodbye(): void {
    if (!this.frames.between) return this.after(frameMs, () => this.sayGoodbye())
    this.isLeaving = true
    this.client.write(goingAway)
  }

  private after(ms: number, step: () => void): void {
    this.timers.add(setTimeout(step, ms))
  }
}
