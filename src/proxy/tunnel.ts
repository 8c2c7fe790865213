import type { Duplex } from 'node:stream'

import { frameTracker, goingAway } from './frames.ts'

/** An upgraded connection through us. */
export type Tunnel = {
  /**
   * Says goodbye within the first half of `ms` (between two frames, with 1001), so that clients don't all come back at
   * once; cuts at the end of it. `stillWanted` is asked before each step.
   */
  leave(ms: number, stillWanted: () => boolean): void
  destroy(): void
}

/** Watches `server` → `client`, which somebody else pipes. */
export function tunnelOf(client: Duplex, server: Duplex): Tunnel {
  const frames = frameTracker()
  const timers = new Set<NodeJS.Timeout>()
  const after = (ms: number, step: () => void) => void timers.add(setTimeout(step, ms))
  server.on('data', (chunk: Buffer) => frames.push(chunk))
  client.once('close', () => {
    for (const timer of timers) clearTimeout(timer)
    timers.clear()
  })

  function destroy(): void {
    client.destroy()
    server.destroy()
  }

  function sayGoodbye(): void {
    // a frame that is on its way is let pass first
    if (!frames.between) return after(10, sayGoodbye)
    server.unpipe(client)
    server.resume()
    client.write(goingAway)
  }

  return {
    destroy,
    leave(ms, stillWanted) {
      if (timers.size > 0) return
      after((Math.random() * ms) / 2, () => {
        if (stillWanted()) sayGoodbye()
        else timers.clear()
      })
      after(ms, () => {
        if (stillWanted()) destroy()
        else timers.clear()
      })
    },
  }
}
