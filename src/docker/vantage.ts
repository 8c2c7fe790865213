import { isOnLan } from '../core/instance.ts'
import type { Vantage } from '../core/vantage.ts'
import type { Container, Containers } from './docker.ts'
import { joined } from './networks.ts'

type Known = Extract<Containers, { kind: 'known' }>

/**
 * From where this process sees the containers of its engine. In a container on the host's network it is on the
 * host; in one that shares another's network it is on that one's. `engineHost` is where an engine on another machine is. Pure.
 */
export function vantageOf(
  { byId, self, engine }: Known,
  node: string,
  engineHost?: string,
): Vantage {
  const own = self === undefined ? undefined : byId.get(self)
  const remote = own === undefined && engineHost !== undefined
  return {
    node,
    place: own ? placeOf(own, byId) : { kind: 'host' },
    // inside a container of a rootless or Desktop engine we are where its networks are
    containersUnreachable: own === undefined && (remote || engine.kind !== 'native'),
    ...(remote && { engineHost }),
  }
}

function placeOf(own: Container, byId: Known['byId']): Vantage['place'] {
  if ((joined(own, byId) ?? own).networkMode === 'host') return { kind: 'host' }
  const { networks } = own
  const open = networks.filter(({ internal }) => !internal)
  const bridges = open.filter(({ driver }) => driver === 'bridge' || driver === '')
  return {
    kind: 'container',
    networks: networks.map(({ name }) => name),
    // of others it is a router of the LAN, or nobody
    gateways: bridges.flatMap(({ gateway }) => (gateway === '' ? [] : [gateway])),
    overlays: networks.flatMap(({ driver, id }) => (driver === 'overlay' ? [id] : [])),
    reaches: {
      // a host does not hear what its own macvlan and ipvlan containers say
      host: open.some(({ driver }) => !isOnLan(driver)),
      lan: open.length > 0,
    },
  }
}
