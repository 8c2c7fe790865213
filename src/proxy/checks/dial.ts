import { connect, type Socket } from 'node:net'

import { ownAnnouncement } from '../tcp/proxy-announce.ts'
import type { Place } from './found.ts'

/** A connection for a check, which is nobody's but ours. */
export function dial({ ip, port, proxyProtocol }: Place): Socket {
  const socket = connect({ host: ip, port })
  if (proxyProtocol !== null) socket.write(ownAnnouncement(proxyProtocol))
  return socket
}
