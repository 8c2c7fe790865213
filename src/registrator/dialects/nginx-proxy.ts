import type { Middleware } from '../../core/middleware.ts'
import type { Route } from '../../core/route.ts'
import type { Container } from '../../docker/docker.ts'
import { type DeclaredPort, type DeclaredRoute, type Dialect, nothing } from './dialect.ts'
import { type GivenReader, givenReader } from './given.ts'
import { hostOf, type VirtualHost } from './nginx-proxy-hosts.ts'
import { balanceLabel } from './nginx-proxy-labels.ts'
import { destinationOf, type Location, locationOf, slashOf } from './nginx-proxy-paths.ts'
import { accessOf, httpsOf, portFor, schemeOf, settingOf, tlsOf } from './nginx-proxy-settings.ts'
import { type VirtualWay, waysOf } from './nginx-proxy-ways.ts'

/** nginx-proxy's `VIRTUAL_HOST` and its companions, from variables, else from labels of the same names. */
export const nginxProxyDialect: Dialect = ({ container }) => {
  const reader = givenReader(container)
  const balance = balanceLabel(container, reader)
  const ways = waysOf(container, reader)
  const common = ways.length === 0 ? undefined : commonOf(container, reader)
  const made = ways.flatMap((way) => (common ? (madeOf(way, container, common, reader) ?? []) : []))
  return {
    ...nothing,
    ports: [
      ...made.flatMap(({ scheme }) => scheme ?? []),
      ...(balance === undefined ? [] : [{ port: undefined, policy: { balance } }]),
    ],
    routes: made.flatMap(({ routes }) => routes),
    middlewares: Object.fromEntries(made.flatMap(({ middlewares }) => Object.entries(middlewares))),
    problems: reader.problems(),
  }
}

/** What all of a container's routes have in common. */
type Common = Pick<Route, 'tls'> & {
  readonly entrypoints: readonly string[]
  readonly toHttps: boolean
  readonly access: Readonly<Record<string, Middleware>>
}

type Made = {
  readonly routes: readonly DeclaredRoute[]
  readonly middlewares: Readonly<Record<string, Middleware>>
  readonly scheme: DeclaredPort | undefined
}

function commonOf(container: Container, reader: GivenReader): Common {
  return {
    ...httpsOf(settingOf(container, 'HTTPS_METHOD'), reader),
    tls: tlsOf(settingOf(container, 'CERT_NAME'), reader),
    access: accessOf(settingOf(container, 'NETWORK_ACCESS'), reader),
  }
}

/** Undefined when anything in it is bad: half of it could open what was to be narrow. */
function madeOf(
  { host, path, dest, port, proto }: VirtualWay,
  container: Container,
  common: Common,
  reader: GivenReader,
): Made | undefined {
  const name = reader.read(host, hostOf)
  const location = reader.read(path, locationOf)
  const target = portFor(container, port, reader)
  const scheme = reader.read(proto, (text) => (text === '' ? 'unsaid' : schemeOf(text)))
  if (!name || !location || target === undefined || scheme === undefined) return undefined
  const moved = reader.read(dest, (text) => ({ to: destinationOf(location, text) }))
  if (!moved) return undefined
  const slash = slashOf(location)
  const route = (rule: string, act: typeof moved.to) => ({
    port: target,
    route: routeOf(`${host.text}${path.text}`, name, { ...location, rule }, common, act),
  })
  const acts = [moved.to, slash].filter((act) => act !== undefined)
  return {
    routes: [route(location.rule, moved.to), ...(slash ? [route(slash.rule, slash)] : [])],
    middlewares: {
      ...common.access,
      ...Object.fromEntries(acts.map((act) => [act.name, act.middleware])),
    },
    scheme: scheme === 'unsaid' ? undefined : { port: target, scheme },
  }
}

function routeOf(
  name: string,
  host: VirtualHost,
  location: Location,
  { entrypoints, toHttps, tls, access }: Common,
  act: { readonly name: string } | undefined,
): Route {
  return {
    name,
    kind: 'http',
    entrypoints: [...entrypoints],
    rule: location.rule === '' ? host.rule : `${host.rule} && ${location.rule}`,
    priority: priorityOf(host, location),
    middlewares: [...Object.keys(access), ...(act ? [act.name] : [])],
    tls,
    ...(toHttps && { toHttps }),
    shared: true,
    source: 'label',
  }
}

/**
 * nginx's order where the usual one (exact host, longer wildcard, longer path) differs: regular expressions for hosts
 * come after all else; of one host's paths exact ones come first, then `^~`, then regular expressions, then the rest.
 * Numbers beat exactness of the host, so that wildcards can't have them.
 */
function priorityOf(host: VirtualHost, { kind, text }: Location): number | null {
  if (host.kind === 'regex') return -1
  if (host.kind !== 'exact') return null
  switch (kind) {
    case 'exact':
      return 3_000_000
    case 'firm':
      return 2_000_000 + text.length
    case 'regex':
      return 1_000_000
    case 'prefix':
      return null
  }
}
