import { type Address, type Instance, isOnLan } from './instance.ts'
import type { Chosen, Place, Vantage } from './vantage.ts'

/** Why there is no way from `vantage` to `instance`, and what to write into which compose file. */
export function unreachable(instance: Instance, vantage: Vantage): Chosen {
  const { port, node } = instance
  if (node !== vantage.node) return onAnotherNode(instance, vantage)
  if (vantage.containersUnreachable) return outOfReach(instance, vantage)
  const { place } = vantage
  const ours = place.kind === 'host' ? 'we run on the host' : `ours: ${namesOf(place.networks)}`
  const theirs = namesOf(instance.addresses.map(described))
  const published = isPublishable(instance) ? ` and port ${port} is not published for us` : ''
  return {
    ok: false,
    why:
      place.kind === 'host' && instance.addresses.length > 0
        ? `a host does not reach the addresses of such networks of its own (${theirs})${published}`
        : `no network in common (${ours}; its: ${theirs})${published}`,
    remedy: remedyFor(instance, place),
  }
}

function onAnotherNode(instance: Instance, { place }: Vantage): Chosen {
  const { port, node, published } = instance
  if (place.kind === 'container' && !place.reaches.lan) {
    return {
      ok: false,
      why: `it is on node ${node}, and our networks (${namesOf(place.networks)}) are internal`,
      remedy: 'put Portolan on a network that is not internal as well (compose: networks)',
    }
  }
  if (published === null && !isPublishable(instance)) {
    const theirs = namesOf(instance.addresses.map(described))
    return {
      ok: false,
      why: `it is on node ${node}, on networks that only those on them reach (${theirs})`,
      remedy: `put it on a bridge network as well and publish port ${port} (compose: networks, ports), or put both on one overlay network`,
    }
  }
  return {
    ok: false,
    why: `port ${port} is not published on node ${node}, or that node's address is not known`,
    remedy: `publish port ${port} there and start that node with --advertise`,
  }
}

/** Of a rootless engine, Docker Desktop or another machine only published ports are to be had. */
function outOfReach({ port }: Instance, { engineHost }: Vantage): Chosen {
  const where =
    engineHost === undefined ? 'from outside this engine' : `of the engine at ${engineHost}`
  const publish = `"${engineHost === undefined ? '127.0.0.1:' : ''}${port}"`
  return {
    ok: false,
    why: `container addresses ${where} can't be reached, and port ${port} is not published for us`,
    remedy: `publish it (compose: ports: [${publish}]), or run Portolan in a container of that engine`,
  }
}

function remedyFor(instance: Instance, place: Place): string {
  const { network, addresses, port } = instance
  const known = addresses.some((one) => one.network === network)
  if (network !== null && !known) {
    const names = namesOf(addresses.map((one) => one.network))
    return `its label names network ${network}: name one that it is on (${names}), as Docker calls it`
  }
  const publish = isPublishable(instance)
    ? `publish port ${port} (compose: ports: ["${port}"])`
    : ''
  const theirs = addresses.find((one) => one.network === network) ?? addresses[0]
  if (place.kind === 'host') {
    if (!theirs) return `give it a network, or ${publish}`
    return anyOf([
      `put it on a bridge network as well (compose: networks: [default, ${theirs.network}])`,
      `run Portolan in a container on ${theirs.network}`,
      publish,
    ])
  }
  const [ours] = place.networks
  const ways = [
    ours === undefined ? '' : `put it on ${ours}`,
    theirs === undefined ? '' : `put Portolan on ${theirs.network}`,
  ]
  const joined = anyOf(ways)
  if (joined === '') return publish
  const external =
    theirs?.driver === 'overlay'
      ? 'compose: networks, external: true; the overlay network needs attachable: true'
      : 'compose: networks, external: true'
  return anyOf([`${joined} (${external})`, publish])
}

function anyOf(ways: readonly string[]): string {
  return ways.filter((way) => way !== '').join(', or ')
}

/** Docker publishes ports of containers that are on a bridge or overlay network which is not internal. */
function isPublishable({ addresses }: Instance): boolean {
  const isOpen = ({ driver, internal }: Address) => internal !== true && !isOnLan(driver)
  return addresses.length === 0 || addresses.some(isOpen)
}

function described({ network, driver, internal }: Address): string {
  const kinds = [driver, internal ? 'internal' : undefined].filter((kind) => kind !== undefined)
  return kinds.length > 0 ? `${network} (${kinds.join(', ')})` : network
}

function namesOf(names: readonly string[]): string {
  return [...new Set(names)].join(', ') || 'none'
}
