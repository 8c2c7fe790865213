import type { Definition } from '../core/definition.ts'
import type { Address, Instance, InstanceState } from '../core/instance.ts'
import { defaultPolicy } from '../core/policy.ts'
import type { Problem } from '../core/problems.ts'
import type { Container, ContainerNetwork, ContainerPort } from '../docker/docker.ts'
import { definitionOf } from './definition.ts'
import type { Declaration, DialectSettings, Facts } from './dialects/dialect.ts'
import { merged, saidOf } from './dialects/merge.ts'
import { factsOf, ordinalOf, serviceOf } from './names.ts'
import { type PlainName, plainName } from './plain.ts'
import { defaultPort, eligiblePorts, looksLikeHttp } from './ports.ts'

export type InstanceSettings = DialectSettings & { readonly node: string }

/** An instance, and how the plain tree calls it. */
export type RegisteredInstance = { readonly instance: Instance; readonly plain: PlainName }

/** What one container gives: an instance for each eligible port, and what is wrong with its labels. */
export type Registered = {
  readonly instances: readonly RegisteredInstance[]
  /** What it declares for other containers. */
  readonly definition: Definition | undefined
  readonly problems: readonly Problem[]
}

/** Pure: same container, same instances. */
export function instancesOf(container: Container, settings: InstanceSettings): Registered {
  const facts = factsOf(container)
  const declared = merged(facts, settings)
  if (declared.enabled === false) {
    return { instances: [], definition: undefined, problems: declared.problems }
  }
  const named = [...declared.named, ...declared.routes.flatMap(({ port }) => port ?? [])]
  const { ports, problems } = eligiblePorts(container, named)
  const fallback = defaultPort(ports)
  const instances = ports.flatMap((port) => {
    const said = saidOf(declared, port.port, port.protocol)
    const routed = routesTo(port, declared, fallback).length > 0
    // SERVICE_IGNORE is about registration; whoever also says how to route it wants it routed
    if (said.ignored === true && !routed) return []
    const instance = instanceAt(port, said, facts, declared, fallback, settings)
    return [{ instance, plain: plainName(facts, declared, port) }]
  })
  const noPort = ports.length === 0 && declared.routes.length > 0 ? [withoutPort(container)] : []
  return {
    instances,
    definition: definitionOf(container, declared.shared, settings.node, fallback),
    problems: [...declared.problems, ...problems, ...noPort],
  }
}

function instanceAt(
  port: ContainerPort,
  said: ReturnType<typeof saidOf>,
  facts: Facts,
  declared: Declaration,
  fallback: number | undefined,
  { node }: InstanceSettings,
): Instance {
  const { container } = facts
  const routes = routesTo(port, declared, fallback)
  return {
    v: 1,
    ...serviceOf(facts, said.service),
    node,
    container: container.id,
    startedAt: container.startedAt,
    createdAt: container.createdAt,
    name: container.name,
    image: container.image,
    ordinal: ordinalOf(container),
    protocol: protocolOf(port, said.scheme, routes),
    port: port.port,
    addresses: addressesOf(container),
    published: publishedOf(container, port),
    network: declared.network ?? null,
    state: stateOf(container),
    ...haltOf(container),
    weight: said.weight ?? 1,
    stopTimeout: container.stopTimeout,
    tags: [...(said.tags ?? [])],
    attributes: said.attributes ?? {},
    routes,
    policy: { ...defaultPolicy, ...said.policy, middlewares: used(declared, routes) },
  }
}

function routesTo(
  { port, protocol }: ContainerPort,
  { routes }: Declaration,
  fallback: number | undefined,
) {
  return routes
    .filter(({ route }) => (route.kind === 'udp') === (protocol === 'udp'))
    .filter((one) => (one.port ?? fallback) === port)
    .map(({ route }) => route)
}

/** Only what these routes use, chains followed: an instance carries nothing that is not its own. */
function used(
  { middlewares }: Declaration,
  routes: Instance['routes'],
): Instance['policy']['middlewares'] {
  const names = new Set(routes.flatMap((route) => route.middlewares))
  for (const name of names) {
    const one = middlewares[name]
    if (one && 'chain' in one) for (const next of one.chain) names.add(next)
  }
  return Object.fromEntries(Object.entries(middlewares).filter(([name]) => names.has(name)))
}

function protocolOf(
  port: ContainerPort,
  scheme: Instance['protocol'] | undefined,
  routes: Instance['routes'],
): Instance['protocol'] {
  if (port.protocol === 'udp') return 'udp'
  if (routes.some(({ kind }) => kind === 'http')) return scheme ?? 'http'
  if (routes.some(({ kind }) => kind === 'tcp')) return 'tcp'
  return looksLikeHttp(port) ? 'http' : 'tcp'
}

/** Docker's facts only; what a proxy finds by probing stays with that proxy. */
function haltOf({ state, draining }: Container): Pick<Instance, 'halt'> {
  if (state === 'paused') return { halt: 'paused' }
  return state === 'running' && draining ? { halt: 'stopping' } : {}
}

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
function addressesOf({ networks }: Container): Address[] {
  return networks
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((one) => [one.ip, one.ip6].filter(Boolean).map((ip) => addressOn(one, ip)))
}

/** With what says from where it is reached, if that is not as with any bridge. */
function addressOn({ name, driver, id, internal }: ContainerNetwork, ip: string): Address {
  return {
    network: name,
    ip,
    ...(driver !== '' && driver !== 'bridge' && { driver }),
    ...(driver === 'overlay' && { id }),
    ...(internal && { internal }),
  }
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
