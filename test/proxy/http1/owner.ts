import type { ClientConnection, ClientOwner } from '../../../src/proxy/http1/client-connection.ts'
import { ClientStreams } from '../../../src/proxy/http1/client-streams.ts'
import { usualTimes } from '../../../src/proxy/http1/limits.ts'
import { RequestHead } from '../../../src/proxy/http1/request-head.ts'
import type { RequestTaker } from '../../../src/proxy/http1/request-taker.ts'

/** Of connections whose requests `takerOf` gives to somebody. */
export function ownerOf(
  takerOf: (connection: ClientConnection) => RequestTaker,
  onClosed = () => {},
): ClientOwner {
  return {
    streams: new ClientStreams(),
    times: usualTimes,
    head: new RequestHead(),
    shared: Buffer.alloc(64 * 1024),
    takerOf,
    onClosed,
  }
}
