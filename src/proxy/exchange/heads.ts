import type { ClientConnection } from '../http1/client-connection.ts'
import type { Parked, Parker } from './parked.ts'

/** What a worker has of heads that are not whole, and of requests whose turn has not come, on one client's behalf. */
export class Heads implements Parker {
  private readonly client: ClientConnection
  private readonly parked: Parked
  private ofClient = 0
  private ofEndpoint = 0

  constructor(client: ClientConnection, parked: Parked) {
    this.client = client
    this.parked = parked
  }

  fromClient(bytes: number): void {
    this.ofClient = bytes
    this.recount()
  }

  fromEndpoint(bytes: number): void {
    if (this.ofEndpoint === bytes) return
    this.ofEndpoint = bytes
    this.recount()
  }

  giveUp(): void {
    this.client.destroy()
  }

  private recount(): void {
    const bytes = this.ofClient + this.ofEndpoint
    if (bytes > 0) this.parked.wait(this, bytes)
    else this.parked.gone(this)
  }
}
