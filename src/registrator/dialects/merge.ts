import type { Problem } from '../../core/problems.ts'
import type { Route } from '../../core/route.ts'
import type {
  Declaration,
  DeclaredPort,
  DeclaredRoute,
  Dialect,
  DialectSettings,
  Facts,
} from './dialect.ts'
import { nginxProxyDialect } from './nginx-proxy.ts'
import { portolanDialect } from './portolan.ts'
import { registratorDialect } from './registrator.ts'
import { traefikDialect } from './traefik/traefik.ts'

/** In order of precedence: what an earlier one says holds. */
const dialects: Readonly<Record<string, Dialect>> = {
  portolan: portolanDialect,
  traefik: traefikDialect,
  'nginx-proxy': nginxProxyDialect,
  registrator: registratorDialect,
}

/** What each dialect says of a container, by its name. */
export function declarations(
  facts: Facts,
  settings: DialectSettings,
): readonly { readonly dialect: string; readonly declaration: Declaration }[] {
  const all: { readonly dialect: string; readonly declaration: Declaration }[] = []
  for (const [dialect, read] of Object.entries(dialects)) {
    const general = all.find(({ declaration }) => declaration.general)?.declaration.general
    all.push({ dialect, declaration: guarded(read(facts, settings), general) })
  }
  return all
}

/** What all dialects together say of a container. */
export function merged(facts: Facts, settings: DialectSettings): Declaration {
  const joint = declarations(facts, settings)
    .map(({ declaration }) => declaration)
    .reduce(over)
  if (joint.unrouted !== true)
    return { ...joint, problems: [...joint.problems, ...idle(facts, joint)] }
  return { ...joint, routes: joint.routes.filter(({ route }) => route.source !== 'default') }
}

/** Middlewares without any route, unless something else was said that may be why there is none. */
function idle({ container }: Facts, { general, enabled, routes, shared, problems }: Declaration) {
  const ways = routes.length + (shared?.routes.length ?? 0)
  if (!general || enabled === false || ways + problems.length > 0) return []
  const labels = general.http.names.map((name) => `portolan.${name}`)
  const problem: Problem = {
    severity: 'warning',
    where: `container ${container.name}`,
    what: `label ${labels.join(', ')}`,
    why: 'it has no effect without a route',
    remedy: 'add portolan.host, or remove it',
  }
  return [problem]
}

/** What is said of all routes of a container acts before what a dialect says of its own. */
function guarded(declaration: Declaration, general: Declaration['general']): Declaration {
  if (!general) return declaration
  const routes = declaration.routes.map(({ port, route }) => {
    const { names } = route.kind === 'http' ? general.http : general.tcp
    const middlewares = [...names, ...route.middlewares]
    return { port, route: { ...route, middlewares, entrypoints: entrypointsOf(route, names) } }
  })
  return { ...declaration, routes }
}

/** What is sent to https has to be there. */
function entrypointsOf({ entrypoints }: Route, names: readonly string[]): string[] {
  const isMissing = names.includes('redirect-https') && !entrypoints.includes('https')
  return isMissing ? [...entrypoints, 'https'] : entrypoints
}

function over(first: Declaration, second: Declaration): Declaration {
  return {
    enabled: first.enabled ?? second.enabled,
    ...((first.unrouted ?? second.unrouted) && { unrouted: true as const }),
    network: first.network ?? second.network,
    named: [...new Set([...first.named, ...second.named])],
    ports: [...first.ports, ...second.ports],
    routes: [...first.routes, ...second.routes.flatMap((one) => freeOf(first.routes, one))],
    middlewares: { ...second.middlewares, ...first.middlewares },
    ...(first.general && { general: first.general }),
    // only one dialect has words for it
    ...((first.shared ?? second.shared) && { shared: first.shared ?? second.shared }),
    problems: [...first.problems, ...second.problems],
  }
}

/** A later dialect's route without the entrypoints on which an earlier one has the same rule. */
function freeOf(taken: readonly DeclaredRoute[], one: DeclaredRoute): DeclaredRoute[] {
  const same = taken.filter(
    ({ route: { kind, rule } }) => kind === one.route.kind && rule === one.route.rule,
  )
  const gone = new Set(same.flatMap(({ route }) => route.entrypoints))
  const entrypoints = one.route.entrypoints.filter((name) => !gone.has(name))
  return entrypoints.length === 0 ? [] : [{ ...one, route: { ...one.route, entrypoints } }]
}

/** All that is said of one port: its own word before that for all ports, an earlier dialect's before a later one's. */
export function saidOf(
  { ports }: Declaration,
  port: number,
  transport: 'tcp' | 'udp',
): Omit<DeclaredPort, 'port' | 'transport'> {
  const fitting = ports.filter(
    (one) => (one.port ?? port) === port && (one.transport ?? transport) === transport,
  )
  const exact = (one: DeclaredPort) =>
    Number(one.port !== undefined) + Number(one.transport !== undefined)
  const weakestFirst = fitting.toReversed().toSorted((a, b) => exact(a) - exact(b))
  return weakestFirst.reduce(joined, {})
}

function joined(
  weak: Omit<DeclaredPort, 'port'>,
  strong: DeclaredPort,
): Omit<DeclaredPort, 'port'> {
  return {
    ...weak,
    ...strong,
    tags: [...new Set([...(weak.tags ?? []), ...(strong.tags ?? [])])],
    attributes: { ...weak.attributes, ...strong.attributes },
    policy: { ...weak.policy, ...strong.policy },
  }
}
