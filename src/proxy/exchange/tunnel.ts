import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

import { readIntoOwn } from '../own-buffer.ts'
import { Flow, type Room } from '../tcp/flow.ts'
import { mostAsText } from '../tcp/flushed.ts'
import { FrameTracker, goingAway } from './frames.ts'

/** How often to look for the end of a frame that is on its way. */
const frameMs = 10

/** An upgraded connection through us. Only what the server sends is looked at. */
export class Tunnel {
  /** Goodbye has been said: what the server sends goes no further. */
  isLeaving = false
  private readonly client: Duplex
  private readonly cut: () => void
  private readonly frames = new FrameTracker()
  private readonly timers = new Set<NodeJS.Timeout>()
  /** What the client says, once it has said something. */
  private up: Flow | undefined
  private reads = 0

  constructor(client: Duplex, cut: () => void) {
    this.client = client
    this.cut = cut
    this.up = undefined
  }

  /** These bytes go to the client. */
  pass(bytes: Buffer, start: number, end: number): void {
    this.frames.push(bytes, start, end)
  }

  /**
   * The client has said `bytes`, and will say more, most likely: it is read into a buffer that is used again, where it
   * can have one (see own-buffer.ts), and goes to `server` from there. `heard` is told how much it is.
   */
  talks(bytes: number, server: Duplex, room: Room, heard: (bytes: number) => void): void {
    const { client } = this
    if (this.reads >= 2 || !(client instanceof Socket) || client instanceof TLSSocket) return
    this.reads += bytes > mostAsText ? 2 : 1
    if (this.reads < 2) return
    const up = new Flow(server, room, heard)
    up.fromClient(client)
    // its buffer goes with the client's socket, which may outlive this
    if (readIntoOwn(client, up.onread)) this.up = up
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

  /** It is over: forgets what was to happen. */
  close(): void {
    for (const timer of this.timers) clearTimeout(timer)
    this.timers.clear()
    this.up?.stop()
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
