import type { Instance } from '../core/instance.ts'
import type { ContainerPort } from '../docker/docker.ts'
import type { Declaration, Facts } from './dialects/dialect.ts'
import { saidOf } from './dialects/merge.ts'

export type PlainSettings = {
  /** Root of the tree, such as `/services`; undefined: it is not written. */
  readonly plainPrefix: string | undefined
  /** `auto`: the published port at the advertised address if there is one, else the container's address. */
  readonly plainAddress: 'auto' | 'internal' | 'published'
  /** Address of this node for others; empty when not known. */
  readonly advertise: string
}

/** How the plain tree calls one instance; `id` undefined: by node, container and port. */
export type PlainName = { readonly service: string; readonly id: string | undefined }

/**
 * Registrator's rule: the name that is given to this port; else the one given to the container, else the image's base
 * name, and these two with `-<port>` when the container has several ports.
 */
export function plainName(
  { imageName, container }: Facts,
  declared: Declaration,
  { port, protocol }: ContainerPort,
): PlainName {
  const said = saidOf(declared, port, protocol)
  const ofPort = declared.ports.some(
    (one) =>
      one.port === port && (one.transport ?? protocol) === protocol && one.service !== undefined,
  )
  const suffix = container.ports.length > 1 && !ofPort ? `-${port}` : ''
  return { service: `${said.service ?? imageName}${suffix}`, id: said.id }
}

/**
 * `<root>/<name>/<node>:<container name>:<port>[:udp]` = `ip:port`, registrator's keys and values to the letter.
 * Undefined for an instance that isn't ready or has no address of the wanted kind.
 */
export function plainEntry(
  instance: Instance,
  { service, id }: PlainName,
  settings: PlainSettings,
): readonly [key: string, value: string] | undefined {
  const { node, name, port, protocol, state } = instance
  const address = plainAddress(instance, settings)
  if (settings.plainPrefix === undefined || state !== 'ready' || !address) return undefined
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
