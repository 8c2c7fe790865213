import type { Socket } from 'node:net'

/** A connection through us, which can be ended from outside. */
export class TcpTunnel {
  isCut = false
  private readonly client: Socket
  private readonly server: Socket
  private timer: NodeJS.Timeout | undefined

  constructor(client: Socket, server: Socket) {
    this.client = client
    this.server = server
    this.timer = undefined
  }

  /**
   * Ends it after `ms`, if it is still wanted to go then. Nothing can be said to the two before it is cut: nobody knows
   * what they speak.
   */
  leave(ms: number, isWanted: () => boolean): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      if (isWanted()) this.cut()
    }, ms)
  }

  /** Ends it now. */
  cut(): void {
    this.isCut = true
    this.client.destroy()
    this.server.destroy()
  }

  /** It has ended; there is nothing to cut any more. */
  ended(): void {
    clearTimeout(this.timer)
  }
}
