import { type Address, type Instance, isOnLan } from './instance.ts'
import { unreachable } from './unreachable.ts'
import type { Chosen, Place, Vantage } from './vantage.ts'

const loopback = /^(127\.|::1$|localhost$)/
const any = new Set(['', '0.0.0.0', '::'])

/**
 * How `vantage` reaches `instance`. A network in common, on the own node or an overlay network, or on its host: the
 * container's address. Otherwise the published port at the node's advertised address (`advertised`, empty when not
 * known). Otherwise its address on the LAN, if it has one.
 */
export function addressOf(instance: Instance, vantage: Vantage, advertised: string): Chosen {
  const onLan = lanAddress(instance, vantage)
  return (
    containerAddress(instance, vantage) ??
    (instance.network === null ? undefined : onLan) ??
    publishedAddress(instance, vantage, advertised) ??
    onLan ??
    unreachable(instance, vantage)
  )
}

function containerAddress(instance: Instance, vantage: Vantage): Chosen | undefined {
  if (vantage.containersUnreachable) return undefined
  const own = instance.node === vantage.node
  const { place } = vantage
  const isReached = (one: Address) => {
    if (place.kind === 'host') return own && one.driver !== 'overlay' && !isOnLan(one.driver)
    if (own) return place.networks.includes(one.network)
    return one.driver === 'overlay' && one.id !== undefined && place.overlays.includes(one.id)
  }
  const reason = own
    ? place.kind === 'host'
      ? 'we run on its host'
      : 'a network in common'
    : 'an overlay network in common'
  return chosenOf(instance, isReached, reason)
}

/** Macvlan and ipvlan addresses are the LAN's, out of reach only for their own host and what it forwards. */
function lanAddress(instance: Instance, { node, place, engineHost }: Vantage): Chosen | undefined {
  if (instance.node === node && engineHost === undefined) return undefined
  if (place.kind === 'container' && !place.reaches.lan) return undefined
  const isReached = ({ driver, internal }: Address) => isOnLan(driver) && internal !== true
  return chosenOf(instance, isReached, "an address of its node's LAN")
}

/** Of the addresses that are reached that of the network that a label names, else the first. */
function chosenOf(
  instance: Instance,
  isReached: (address: Address) => boolean,
  reason: string,
): Chosen | undefined {
  const { network, port } = instance
  const reachable = sorted(instance).filter(isReached)
  const asked = reachable.find((one) => one.network === network)
  const chosen = asked ?? (network === null ? reachable[0] : undefined)
  if (!chosen) return undefined
  const more = reachable.length > 1 ? ', lowest name first' : ''
  const words = asked ? 'the network that its label names' : `${reason}${more}`
  const kind = chosen.driver === undefined ? '' : ` (${chosen.driver})`
  return {
    ok: true,
    ip: chosen.ip,
    port,
    why: `container address on ${chosen.network}${kind}: ${words}`,
  }
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
  const { engineHost, place } = vantage
  if (own && place.kind === 'host' && engineHost === undefined) {
    const at = any.has(ip) ? localhost(ip) : ip
    return { ok: true, ip: at, port, why: 'published port on this host' }
  }
  if (loopback.test(ip) || isCutOff(place, own)) return undefined
  if (!any.has(ip)) return { ok: true, ip, port, why: `published on ${ip} only` }
  if (own && engineHost !== undefined) {
    return { ok: true, ip: engineHost, port, why: `published port at the engine's host` }
  }
  const gateway = own && place.kind === 'container' ? place.gateways[0] : undefined
  const at = gateway ?? advertised
  if (at === '') return undefined
  const why = gateway ? 'published port at our gateway' : `published port at node ${node}`
  return { ok: true, ip: at, port, why }
}

/** From our networks there is no way to a port of a host: of our own one, or of another node. */
function isCutOff(place: Place, own: boolean): boolean {
  return place.kind === 'container' && !(own ? place.reaches.host : place.reaches.lan)
}

/** A port that is published on all IPv6 addresses only is not on 127.0.0.1. */
function localhost(ip: string): string {
  return ip === '::' ? '::1' : '127.0.0.1'
}
