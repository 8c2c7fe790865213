import type { Owner } from '../http2/endpoint-sessions.ts'
import type { Target } from '../table/route.ts'
import type { WhoConnects } from '../tcp/opening.ts'
import { ownAnnouncement, proxyAnnouncement } from '../tcp/proxy-announce.ts'

/** The client on whose behalf an endpoint is connected to, if that is to be told by the PROXY protocol. */
export function ownerFor(
  { proxyProtocol }: Pick<Target, 'proxyProtocol'>,
  ends: WhoConnects,
): Owner | undefined {
  if (proxyProtocol === null) return undefined
  const who = ends()
  // who has gone meanwhile has no address any more
  const header =
    who.source.ip === '' ? ownAnnouncement(proxyProtocol) : proxyAnnouncement(proxyProtocol, who)
  return { key: ends, header }
}
