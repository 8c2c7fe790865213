import type { Middleware } from '../../../core/middleware.ts'
import type { Container } from '../../../docker/docker.ts'
import {
  type Declaration,
  type Dialect,
  type DialectSettings,
  type Facts,
  nothing,
  type Shared,
} from '../dialect.ts'
import { booleanOf, type LabelReader, labelReader } from '../labels.ts'
import { masked, sayUnknown } from './decode.ts'
import { linked, type Links } from './link.ts'
import { fullName, middlewaresOf } from './middlewares.ts'
import { usualRule } from './names.ts'
import { sayOthers } from './others.ts'
import { defaultRouter, type Reading, routersOf } from './routers.ts'
import type { RouterProtocol } from './rule.ts'
import { type Service, servicesOf } from './services.ts'
import { sayUdp, tcpServicesOf } from './tcp.ts'
import { childrenOf, childOf, type Node, treeOf } from './tree.ts'

/**
 * Labels of Traefik v2 and v3. They mean what they mean there, but a mistake harms only the option, router or service
 * that it is in, and nothing is merged over containers: a router reaches the containers that declare it.
 */
export const traefikDialect: Dialect = (facts, settings) => {
  const said = declared(facts, settings)
  return { ...said, problems: said.problems.map(masked) }
}

function declared(facts: Facts, settings: DialectSettings): Declaration {
  const { container } = facts
  if (!Object.keys(container.labels).some(isTraefik)) return nothing
  const reader = labelReader(`container ${container.name}`)
  const enable = enableOf(container, reader)
  if (enable === false) return { ...nothing, unrouted: true, problems: reader.problems }
  sayOthers(container.labels, reader)
  const http = treeOf(container.labels, 'traefik.http', reader)
  const tcp = treeOf(container.labels, 'traefik.tcp', reader)
  const udp = treeOf(container.labels, 'traefik.udp', reader)
  const asked = enable === true || hasRouting(http) || hasRouting(tcp)
  if (enable === undefined && settings.traefik?.exposedByDefault === false) {
    if (asked) reader.note('traefik.enable', '', notEnabled)
    return { ...nothing, problems: reader.problems }
  }
  for (const root of [http, tcp]) saySections(root, reader)
  if (!asked) {
    const { known } = allMiddlewares({ http, tcp }, reader)
    const shared = sharedOf(known, [], { http: [], tcp: [] })
    return { ...nothing, shared, problems: reader.problems }
  }
  sayUdp(udp, reader)
  return { ...routed({ http, tcp, udp }, facts, settings, reader), problems: reader.problems }
}

function isTraefik(label: string): boolean {
  return label.toLowerCase().startsWith('traefik.')
}

function enableOf({ labels }: Container, reader: LabelReader): boolean | undefined {
  const label = labelNamed(labels, 'traefik.enable')
  if (label === undefined) return undefined
  // a word that can't be read must not open what it was to close
  return reader.read(label, labels[label]?.trim() ?? '', booleanOf) ?? false
}

function labelNamed(labels: Container['labels'], name: string): string | undefined {
  return Object.keys(labels).find((label) => label.toLowerCase() === name)
}

function hasRouting(root: Node): boolean {
  return root.children.has('routers') || root.children.has('services')
}

const notEnabled = {
  severity: 'note',
  why: 'the container is not routed, because --providers.docker.exposedbydefault is false',
  remedy: 'write traefik.enable=true, if it is to be',
} as const

const sections = ['routers', 'services', 'middlewares']

function saySections(root: Node, reader: LabelReader): void {
  for (const child of childrenOf(root)) {
    if (!sections.includes(child.name.toLowerCase())) sayUnknown(child, sections, reader)
  }
}

type Roots = { readonly http: Node; readonly tcp: Node; readonly udp: Node }

function routed(
  { http, tcp, udp }: Roots,
  facts: Facts,
  settings: DialectSettings,
  reader: LabelReader,
): Omit<Declaration, 'problems'> {
  const { ofHttp, ofTcp, known } = allMiddlewares({ http, tcp }, reader)
  const services = { http: servicesOf(http, reader), tcp: tcpServicesOf(tcp, reader) }
  const defaultRule = settings.traefik?.defaultRule ?? usualRule
  const reading: Reading = { facts, defaultRule, refer: ofHttp.refer, reader }
  const asked = routersOf(http, 'http', reading)
  const onlyOthers = http.children.size === 0 && tcp.children.size + udp.children.size > 0
  const none = childrenOf(childOf(http, 'routers')).length === 0 && !onlyOthers
  const httpRouters = none ? defaultRouter(reading) : asked
  const tcpRouters = routersOf(tcp, 'tcp', { ...reading, refer: ofTcp.refer })
  const usual = facts.container.ports.find(({ protocol }) => protocol === 'tcp')?.port
  const all = [...services.http, ...services.tcp]
  sayShared(all, usual, reader)
  const ports = all.map(({ port, said }) => ({ ...said, port: port ?? usual }))
  const links = {
    http: linked(httpRouters, services.http, usual, reader),
    tcp: linked(tcpRouters, services.tcp, usual, reader),
  }
  return {
    ...nothing,
    network: networkOf(facts, settings),
    named: [...new Set(all.flatMap(({ port }) => port ?? []))],
    ports,
    routes: [...links.http.routes, ...links.tcp.routes],
    middlewares: known,
    shared: sharedOf(known, [...links.http.elsewhere, ...links.tcp.elsewhere], services),
  }
}

function allMiddlewares({ http, tcp }: Pick<Roots, 'http' | 'tcp'>, reader: LabelReader) {
  const known: Record<string, Middleware> = {}
  const ofHttp = middlewaresOf(http, 'http', reader, known)
  const ofTcp = middlewaresOf(tcp, 'tcp', reader, known)
  return { ofHttp, ofTcp, known }
}

/** What routers of other containers may use, and those of this one that use what others have. */
function sharedOf(
  known: Shared['middlewares'],
  elsewhere: Links['elsewhere'],
  services: Readonly<Record<RouterProtocol, readonly Service[]>>,
): Shared {
  const portsOf = (protocol: RouterProtocol) =>
    services[protocol].flatMap(({ name, port, usable }): [string, number | undefined][] =>
      usable ? [[fullName(name.toLowerCase(), protocol), port]] : [],
    )
  return {
    middlewares: Object.fromEntries(
      Object.entries(known).map(([name, one]) => [name.toLowerCase(), one]),
    ),
    services: Object.fromEntries([...portsOf('http'), ...portsOf('tcp')]),
    routes: elsewhere.map(({ service, route }) => {
      const protocol = route.kind === 'tcp' ? 'tcp' : 'http'
      return { service: fullName(service.toLowerCase(), protocol), route }
    }),
  }
}

/** A network of the settings counts only where the container is on it: else it would be out of reach. */
function networkOf({ container }: Facts, { traefik }: DialectSettings): string | undefined {
  const { labels, networks } = container
  const names = ['traefik.docker.network', 'traefik.swarm.network']
  const label = names.map((name) => labelNamed(labels, name)).find((name) => name !== undefined)
  const named = label === undefined ? '' : (labels[label]?.trim() ?? '')
  if (named !== '') return named
  return networks.find(({ name }) => name === traefik?.network)?.name
}

/** Settings belong to a port here, so that two services on one port have one set of them. */
function sayShared(
  services: readonly Service[],
  usual: number | undefined,
  reader: LabelReader,
): void {
  const byPort = Map.groupBy(services, ({ port }) => port ?? usual)
  for (const [port, group] of byPort) {
    const ways = new Set(group.map(({ said }) => JSON.stringify({ ...said, port })))
    const names = group.map(({ name }) => name)
    if (ways.size < 2) continue
    reader.note(`traefik.http.services.${names[0] ?? ''}`, '…', {
      severity: 'warning',
      why: `services ${names.join(', ')} share port ${port ?? '(default)'} and differ; where they do, the first holds`,
      remedy: 'give all of them the same settings, or one of them',
    })
  }
}
