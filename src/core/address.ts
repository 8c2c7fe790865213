import type { Instance } from './instance.ts'

/** From where this process sees containers. */
export type Vantage = {
  readonly node: string
  readonly place:
    | { readonly kind: 'host' }
    | {
        readonly kind: 'container'
        /** Names of our networks. */
        readonly networks: readonly string[]
        /** The host's addresses on these networks, where its published ports answer. */
        readonly gateways: readonly string[]
      }
  /** Rootless engines and Docker Desktop: container addresses are out of reach, even from the host. */
  readonly containersUnreachable: boolean
  /** Host of the engine, when it is on another machine and we are in none of its containers. */
  readonly engineHost?: string
}

/** Where to connect, and the reason in words; or why there is nowhere and what to write. */
export type Chosen =
  | { readonly ok: true; readonly ip: string; readonly port: number; readonly why: string }
  | { readonly ok: false; readonly why: string; readonly remedy: string }

const loopback = /^(127\.|::1$|localhost$)/
const any = new Set(['', '0.0.0.0', '::'])

/**
 * How `vantage` reaches `instance`. Own node and a network in common: the container's address. Otherwise the
 * published port at the node's advertised address (`advertised`, empty when not known).
 */
export function addressOf(instance: Instance, vantage: Vantage, advertised: string): Chosen {
  const direct = instance.node === vantage.node ? containerAddress(instance, vantage) : undefined
  return direct ?? publishedAddress(instance, vantage, advertised) ?? unreachable(instance, vantage)
}

function containerAddress(instance: Instance, vantage: Vantage): Chosen | undefined {
  if (vantage.containersUnreachable) return undefined
  const { place } = vantage
  const reachable = sorted(instance).filter(
    ({ network }) => place.kind === 'host' || place.networks.includes(network),
  )
  const asked = reachable.find(({ network }) => network === instance.network)
  const [first] = reachable
  const chosen = asked ?? (instance.network === null ? first : undefined)
  if (!chosen) return undefined
  const reason = asked ? 'the network that its label names' : reasonOf(place.kind, reachable.length)
  return {
    ok: true,
    ip: chosen.ip,
    port: instance.port,
    why: `container address on ${chosen.network}: ${reason}`,
  }
}

function reasonOf(place: 'host' | 'container', count: number): string {
  const more = count > 1 ? ', lowest name first' : ''
  return place === 'host' ? `we run on its host${more}` : `a network in common${more}`
}

/** IPv4 before IPv6, then by network name. */
function sorted({ addresses }: Instance) {
  const six = (ip: string) => (ip.includes(':') ? 1 : 0)
  return addresses.toSorted(
    (a, b) => six(a.ip) - six(b.ip) || (a.network < b.network ? -1 : Number(a.network > b.network)),
  )
}

function publishedAddress(
  { published, node }: Instance,
  vantage: Vantage,
  advertised: string,
): Chosen | undefined {
  if (!published) return undefined
  const { ip, port } = published
  const own = node === vantage.node
  const { engineHost } = vantage
  if (own && vantage.place.kind === 'host' && engineHost === undefined) {
    const at = any.has(ip) ? localhost(ip) : ip
    return { ok: true, ip: at, port, why: 'published port on this host' }
  }
  if (loopback.test(ip)) return undefined
  if (!any.has(ip)) return { ok: true, ip, port, why: `published on ${ip} only` }
  if (own && engineHost !== undefined) {
    return { ok: true, ip: engineHost, port, why: `published port at the engine's host` }
  }
  const gateway = own && vantage.place.kind === 'container' ? vantage.place.gateways[0] : undefined
  const at = gateway ?? advertised
  if (at === '') return undefined
  const why = gateway ? 'published port at our gateway' : `published port at node ${node}`
  return { ok: true, ip: at, port, why }
}

function unreachable(instance: Instance, vantage: Vantage): Chosen {
  const { port, node } = instance
  if (node !== vantage.node) {
    return {
      ok: false,
      why: `port ${port} is not published on node ${node}, or that node's address is not known`,
      remedy: `publish port ${port} there and start that node with --advertise`,
    }
  }
  if (vantage.containersUnreachable) return outOfReach(instance, vantage)
  const theirs = namesOf(instance.addresses.map(({ network }) => network))
  const { place } = vantage
  const ours = place.kind === 'host' ? 'we run on the host' : `ours: ${namesOf(place.networks)}`
  return {
    ok: false,
    why: `no network in common (${ours}; its: ${theirs}) and port ${port} is not published for us`,
    remedy: remedyFor(instance, place),
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

/** What to write into which compose file. */
function remedyFor({ network, addresses, port }: Instance, place: Vantage['place']): string {
  const known = addresses.some((one) => one.network === network)
  if (network !== null && !known) {
    const names = namesOf(addresses.map((one) => one.network))
    return `its label names network ${network}: name one that it is on (${names}), as Docker calls it`
  }
  if (place.kind === 'host')
    return `give it a network, or publish port ${port} (compose: ports: ["${port}"])`
  const [ours] = place.networks
  const theirs = network ?? addresses[0]?.network
  const ways = [
    ...(ours === undefined ? [] : [`put it on ${ours}`]),
    ...(theirs === undefined ? [] : [`put Portolan on ${theirs}`]),
  ]
  const joined =
    ways.length > 0 ? `${ways.join(', or ')} (compose: networks, external: true), or ` : ''
  return `${joined}publish port ${port} (compose: ports: ["${port}"])`
}

function namesOf(names: readonly string[]): string {
  return [...new Set(names)].join(', ') || 'none'
}

/** A port that is published on all IPv6 addresses only is not on 127.0.0.1. */
function localhost(ip: string): string {
  return ip === '::' ? '::1' : '127.0.0.1'
}
