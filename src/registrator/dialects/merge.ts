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
  return Object.entries(dialects).map(([dialect, read]) => {
    return { dialect, declaration: read(facts, settings) }
  })
}

/** What all dialects together say of a container. */
export function merged(facts: Facts, settings: DialectSettings): Declaration {
  const joint = declarations(facts, settings)
    .map(({ declaration }) => declaration)
    .reduce(over)
  if (joint.unrouted !== true) return joint
  return { ...joint, routes: joint.routes.filter(({ route }) => route.source !== 'default') }
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
