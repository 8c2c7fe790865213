import type { Instance, InstanceState } from '../core/instance.ts'
import { defaultPolicy } from '../core/policy.ts'
import type { Problem } from '../core/problems.ts'
import type { Container, ContainerPort } from '../docker/docker.ts'
import type { Declaration, DialectSettings, Facts } from './dialects/dialect.ts'
import { merged } from './dialects/merge.ts'
import { factsOf, ordinalOf, serviceOf } from './names.ts'
import type { PlainName } from './plain.ts'
import { defaultPort, eligiblePorts, looksLikeHttp } from './ports.ts'

export type InstanceSettings = DialectSettings & { readonly node: string }

/** What one container gives: an instance for each eligible port, and what is wrong with its labels. */
export type Registered = {
  readonly instances: readonly Instance[]
  readonly plain: PlainName
  readonly problems: readonly Problem[]
}

/** Pure: same container, same instances. */
export function instancesOf(container: Container, settings: InstanceSettings): Registered {
  const facts = factsOf(container)
  const declared = merged(facts, settings)
  const plain = plainName(facts, declared)
  if (declared.enabled === false) return { instances: [], plain, problems: declared.problems }
  const named = [...declared.ports, ...declared.routes.flatMap(({ port }) => port ?? [])]
  const { ports, problems } = eligiblePorts(container, named)
  const fallback = declared.ports[0] ?? defaultPort(ports)
  const instances = ports.map((port) => instanceAt(port, facts, declared, fallback, settings))
  const noPort = ports.length === 0 && declared.routes.length > 0 ? [withoutPort(container)] : []
  return { instances, plain, problems: [...declared.problems, ...problems, ...noPort] }

  function plainName({ imageName }: Facts, { service }: Declaration): PlainName {
    const several = container.ports.length > 1
    return { base: service ?? imageName, several }
  }
}

function instanceAt(
  port: ContainerPort,
  facts: Facts,
  declared: Declaration,
  fallback: number | undefined,
  { node }: InstanceSettings,
): Instance {
  const { container } = facts
  const routes = declared.routes
    .filter((one) => port.protocol === 'tcp' && (one.port ?? fallback) === port.port)
    .map(({ route }) => route)
  return {
    v: 1,
    ...serviceOf(facts, declared.service),
    node,
    container: container.id,
    startedAt: container.startedAt,
    createdAt: container.createdAt,
    name: container.name,
    image: container.image,
    ordinal: ordinalOf(container),
    protocol: protocolOf(port, declared, routes.length > 0),
    port: port.port,
    addresses: addressesOf(container),
    published: publishedOf(container, port),
    network: declared.network ?? null,
    state: stateOf(container),
    weight: declared.weight ?? 1,
    stopTimeout: container.stopTimeout,
    tags: [...declared.tags],
    attributes: declared.attributes,
    routes,
    policy: { ...defaultPolicy, ...declared.policy },
  }
}

function protocolOf(port: ContainerPort, { scheme }: Declaration, routed: boolean) {
  if (port.protocol === 'udp') return 'udp'
  if (routed) return scheme ?? 'http'
  return looksLikeHttp(port) ? 'http' : 'tcp'
}

/** Docker's facts only; what a proxy finds by probing stays with that proxy. */
function stateOf({ state, draining, health }: Container): InstanceState {
  if (state !== 'running') return 'unhealthy'
  if (draining) return 'draining'
  switch (health) {
    case 'none':
    case 'healthy':
      return 'ready'
    case 'starting':
      return 'starting'
    case 'unhealthy':
      return 'unhealthy'
  }
}

/** In network name order; of each network IPv4 first. */
function addressesOf({ networks }: Container) {
  return networks
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name, ip, ip6 }) => [
      ...(ip === '' ? [] : [{ network: name, ip }]),
      ...(ip6 === '' ? [] : [{ network: name, ip: ip6 }]),
    ])
}

/** In the host's network an exposed port is as good as published. */
function publishedOf({ networkMode }: Container, { port, published }: ContainerPort) {
  return networkMode === 'host' ? { ip: '0.0.0.0', port } : published
}

function withoutPort({ name }: Container): Problem {
  return {
    severity: 'error',
    where: `container ${name}`,
    what: 'a route without a port',
    why: 'its image exposes no port and none is published',
    remedy: 'say which port it listens on: portolan.port=3000',
  }
}
