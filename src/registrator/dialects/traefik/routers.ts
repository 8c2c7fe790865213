import type { Route } from '../../../core/route.ts'
import type { Facts } from '../dialect.ts'
import { choiceOf, type LabelReader } from '../labels.ts'
import {
  boolean,
  integer,
  items,
  needless,
  optional,
  scalar,
  strings,
  struct,
  text,
} from './decode.ts'
import type { Declared } from './middlewares.ts'
import { defaultName, filledRule } from './names.ts'
import { priorityOf, type RouterProtocol, ruleFor } from './rule.ts'
import { childOf, childrenOf, type Node } from './tree.ts'

/** A router, whose service is not found yet; `service` undefined: it names none. */
export type Router = {
  readonly label: string
  readonly service: string | undefined
  readonly route: Route
}

const read = struct({
  rule: text,
  rulesyntax: scalar(choiceOf(['v2', 'v3', 'default'] as const)),
  entrypoints: strings,
  middlewares: strings,
  service: text,
  priority: integer,
  tls: optional({
    certresolver: text,
    options: text,
    passthrough: boolean,
    domains: items(struct({ main: text, sans: strings })),
  }),
  observability: needless('every route has metrics, and --access-log logs'),
})
type Given = NonNullable<ReturnType<typeof read>>

/** What routers are read with. */
export type Reading = {
  readonly facts: Facts
  readonly defaultRule: string
  readonly refer: Declared['refer']
  readonly reader: LabelReader
}

/** The routers below `traefik.http` or `traefik.tcp`. One whose rule can't be read is out, alone. */
export function routersOf(root: Node, protocol: RouterProtocol, reading: Reading): Router[] {
  const { refer, reader } = reading
  return childrenOf(childOf(root, 'routers')).flatMap((node) => {
    const given = read(node, reader) ?? {}
    const written = given.rule || defaultText(node.label, protocol, reading)
    if (!written) return []
    const { label } = childOf(node, 'rule') ?? node
    const old = given.rulesyntax === 'v2'
    const rule = reader.read(label, written, () => ruleFor(protocol, written, old))
    const entrypoints = entrypointsOf(given, node, protocol, reader)
    if (rule === undefined || entrypoints.length === 0) return []
    const route: Route = {
      name: node.name,
      kind: protocol,
      entrypoints,
      rule,
      priority: priorityOf(given.priority, written),
      middlewares: refer(given.middlewares ?? [], `${node.label}.middlewares`),
      tls: tlsOf(given),
      shared: false,
      source: given.rule ? 'label' : 'default',
    }
    return { label: node.label, service: given.service || undefined, route }
  })
}

/** The router of a container that has none of its own. */
export function defaultRouter(reading: Reading): Router[] {
  const name = defaultName(reading.facts)
  const label = `traefik.http.routers.${name}`
  const written = defaultText(label, 'http', reading)
  if (written === undefined) return []
  const rule = reading.reader.read(`${label}.rule`, written, () => ruleFor('http', written, false))
  if (rule === undefined) return []
  const route: Route = {
    name,
    kind: 'http',
    entrypoints: ['http'],
    rule,
    priority: priorityOf(undefined, written),
    middlewares: [],
    tls: null,
    shared: false,
    source: 'default',
  }
  return [{ label, service: undefined, route }]
}

function defaultText(
  label: string,
  protocol: RouterProtocol,
  { facts, defaultRule, reader }: Reading,
): string | undefined {
  if (protocol === 'http') return reader.read(label, '', () => filledRule(defaultRule, facts))
  const remedy = `write ${label}.rule=HostSNI(\`*\`)`
  reader.note(label, '…', { severity: 'error', why: 'a TCP router needs a rule', remedy })
  return undefined
}

/** All default ones; a TCP router would take these from HTTP, so that one without TLS has to name its own. */
function entrypointsOf(
  { entrypoints = [], tls }: Given,
  { label }: Node,
  protocol: RouterProtocol,
  reader: LabelReader,
): string[] {
  if (entrypoints.length > 0) return entrypoints
  if (tls) return protocol === 'http' ? ['http', 'https'] : ['https']
  if (protocol === 'http') return ['http']
  reader.note(label, '…', {
    severity: 'error',
    why: 'a TCP router without TLS takes all of an entrypoint, and it names none',
    remedy: `write ${label}.entrypoints=NAME, and open it with --tcp NAME=:PORT`,
  })
  return []
}

function tlsOf({ tls }: Given): Route['tls'] {
  if (!tls) return null
  const { passthrough = false, certresolver, options, domains = [] } = tls
  const names = domains.flatMap(({ main, sans = [] }) => [...(main ? [main] : []), ...sans])
  return {
    passthrough,
    domains: names,
    ...(certresolver && { resolver: certresolver }),
    ...(options && { options }),
  }
}
