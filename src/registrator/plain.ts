import type { Instance } from '../core/instance.ts'
import type { ContainerPort } from '../docker/docker.ts'
import type { Declaration, DeclaredPort, Facts } from './dialects/dialect.ts'
import { saidOf } from './dialects/merge.ts'

export type PlainSettings = {
  /** Root of the tree, such as `/services`; undefined: it is not written. */
  readonly plainPrefix: string | undefined
  /** `auto`: the published port at the advertised address if there is one, else the container's address. */
  readonly plainAddress: 'auto' | 'internal' | 'published'
  /** Address of this node for others; empty when not known. */
  readonly advertise: string
}

/** A key of the plain tree, and its value. */
export type PlainEntry = readonly [key: string, value: string]

/** `id` undefined: by node, container and port. */
type Names = { readonly service: string; readonly id: string | undefined }

/** How the plain tree calls one instance. */
export type PlainName = {
  /** False: it doesn't stand there, though it is routed to. */
  readonly listed: boolean
  readonly all: Names
  /** When only published ports stand there. */
  readonly published: Names
}

/**
 * Registrator's rules: the name that is given to this port; else the one given to the container, else the image's base
 * name, and these two with `-<port>` when the container has several ports, ignored ones included. An id given to the
 * container ends in `:<port>` when several of its ports stand there; registrator gave all of them the same.
 */
export function plainName(facts: Facts, declared: Declaration, port: ContainerPort): PlainName {
  const { container, imageName } = facts
  const said = saidOf(declared, port.port, port.protocol)
  const { service = imageName, id } = said
  const isOwn = (word: 'service' | 'id') =>
    declared.ports.some((one) => isOf(port, one) && one[word] !== undefined)
  const among = (known: readonly ContainerPort[]): Names => {
    const others = known.filter((one) => !isSame(one, port))
    const isAlone = () => others.every((one) => isIgnored(declared, one))
    const transport = port.protocol === 'udp' ? ':udp' : ''
    return {
      service: others.length > 0 && !isOwn('service') ? `${service}-${port.port}` : service,
      id: id && !isOwn('id') && !isAlone() ? `${id}:${port.port}${transport}` : id,
    }
  }
  const isPublished = ({ published }: ContainerPort) =>
    published !== null || container.networkMode === 'host'
  return {
    listed: !isIgnored(declared, port),
    all: among(container.ports),
    published: among(container.ports.filter(isPublished)),
  }
}

function isOf({ port, protocol }: ContainerPort, one: DeclaredPort): boolean {
  return one.port === port && (one.transport ?? protocol) === protocol
}

function isSame(a: ContainerPort, b: ContainerPort): boolean {
  return a.port === b.port && a.protocol === b.protocol
}

function isIgnored(declared: Declaration, { port, protocol }: ContainerPort): boolean {
  return saidOf(declared, port, protocol).ignored === true
}

/**
 * `<root>/<name>/<node>:<container name>:<port>[:udp]` = `ip:port`, registrator's keys and values to the letter.
 * Undefined for an instance that isn't ready or has no address of the wanted kind.
 */
export function plainEntry(
  instance: Instance,
  plain: PlainName,
  settings: PlainSettings,
): PlainEntry | undefined {
  const { node, name, port, protocol, state } = instance
  const address = plainAddress(instance, settings)
  if (settings.plainPrefix === undefined || !plain.listed) return undefined
  if (state !== 'ready' || !address) return undefined
  const { service, id } = settings.plainAddress === 'published' ? plain.published : plain.all
  const usual = `${node}:${name}:${port}${protocol === 'udp' ? ':udp' : ''}`
  const key = `${settings.plainPrefix}/${service}/${id ?? usual}`
  const ip = address.ip.includes(':') ? `[${address.ip}]` : address.ip
  return [key, `${ip}:${address.port}`]
}

function plainAddress(instance: Instance, { plainAddress: wanted, advertise }: PlainSettings) {
  const internal = internalAddress(instance)
  const published = publishedAddress(instance, advertise)
  switch (wanted) {
    case 'internal':
      return internal
    case 'published':
      return published
    case 'auto':
      return published ?? internal
  }
}

/** The network that a label names, else the lowest name; IPv4 before IPv6. */
function internalAddress({ addresses, network, port }: Instance) {
  const named = addresses.filter((one) => one.network === network)
  const pool = named.length > 0 ? named : addresses
  const chosen = pool.find(({ ip }) => !ip.includes(':')) ?? pool[0]
  return chosen && { ip: chosen.ip, port }
}

function publishedAddress({ published }: Instance, advertise: string) {
  if (!published || /^(127\.|::1$)/.test(published.ip)) return undefined
  const everywhere = ['', '0.0.0.0', '::'].includes(published.ip)
  const ip = everywhere ? advertise : published.ip
  return ip === '' ? undefined : { ip, port: published.port }
}
