import type { Socket } from 'node:net'

import { tlsPlace } from '../table/tcp-terms.ts'
import { counted, type TcpShared, trailOf } from './connection.ts'
import type { TcpCounts } from './counts.ts'
import { deliver } from './deliver.ts'
import { isForNamed } from './for-named.ts'
import { began, type WhoConnects } from './opening.ts'

/** TCP routes on an entrypoint of HTTP over TLS: they have the connections whose clients ask for their names. */
export type BesideHttp = {
  /** Whether there are any, so that somebody has to look what clients ask for. */
  readonly some: boolean
  /**
   * Sees a connection through, if it is for one of them. If not, `http` is called, with the socket paused and all that
   * was read of it standing in it unread again.
   */
  take(client: Socket, ends: WhoConnects, http: () => void): Promise<void>
}

const keepAliveMs = 60_000
const nothing = Buffer.alloc(0)

export function besideHttp(entrypoint: string, shared: TcpShared, counts: TcpCounts): BesideHttp {
  const { tables } = shared

  return {
    get some() {
      return tables.has(tlsPlace(entrypoint))
    },
    async take(client, ends, http) {
      client.on('error', () => client.destroy())
      const first = await began(client, nothing)
      if (typeof first === 'string') return void client.destroy()
      const { hello, bytes } = first
      if (!hello || !isForNamed(tables, entrypoint, ends, hello)) {
        client.unshift(bytes)
        return http()
      }
      client.setKeepAlive(true, keepAliveMs)
      const trail = trailOf(client, entrypoint, shared)
      if (trail) Object.assign(trail, { ip: ends().source.ip, hello })
      const arrival = { client, wire: client, entrypoint, ends, trail, ...first }
      deliver(
        arrival,
        shared,
        counts,
        counted(client, counts, trail, () => {}),
      )
    },
  }
}
