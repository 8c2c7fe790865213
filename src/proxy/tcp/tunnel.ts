import type { Socket } from 'node:net'

/** A connection through us that can be ended from outside. */
export type CuttableTunnel = {
  /** Ends it after `ms`, if it is still wanted to go then. */
  leave(ms: number, isWanted: () => boolean): void
  wasCut(): boolean
  /** It has ended; there is nothing to cut any more. */
  ended(): void
}

/** Nothing can be said to the two of a TCP connection before it is cut: nobody knows what they speak. */
export function cuttable(client: Socket, server: Socket): CuttableTunnel {
  let timer: NodeJS.Timeout | undefined
  let isCut = false

  return {
    leave(ms, isWanted) {
      timer ??= setTimeout(() => {
        timer = undefined
        if (!isWanted()) return
        isCut = true
        client.destroy()
        server.destroy()
      }, ms)
    },
    wasCut: () => isCut,
    ended: () => clearTimeout(timer),
  }
}
