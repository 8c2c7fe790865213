import type { Policy } from '../../core/policy.ts'
import type { Route } from '../../core/route.ts'
import { ruleOf } from '../../core/rule/rule-of.ts'
import type { DeclaredRoute } from './dialect.ts'
import { type LabelReader, listOf } from './labels.ts'
import type { Said } from './portolan-labels.ts'
import { connectionMiddlewaresOf, middlewaresOf } from './portolan-middlewares.ts'
import { pathOf } from './portolan-paths.ts'
import { roleOf } from './portolan-roles.ts'

export type DeclaredRoutes = {
  readonly routes: readonly DeclaredRoute[]
  readonly middlewares: Policy['middlewares']
}

/** What a route has besides its labels. */
export type RouteFacts = {
  readonly name: string
  /** What is said of all routes of the container. */
  readonly general: Said
  /** The port that it goes to when its labels name none. */
  readonly port: number | undefined
  /** The hosts that it gets when its labels name none. */
  readonly defaultHosts: () => readonly string[]
  readonly reader: LabelReader
}

type Place = Pick<Route, 'rule' | 'source'> & { readonly strip: readonly string[] }

/** The routes that `said` asks for: one for HTTP, one for TCP, both or none. A bad part opens nothing. */
export function routesOf(said: Said, facts: RouteFacts): DeclaredRoutes {
  const place = placeOf(said, facts)
  const web = isBroken(said, facts, ['path', 'rule', 'strip'])
    ? undefined
    : place && httpRoute(said, place, facts)
  const tcp = isBroken(said, facts, ['rule', 'tcp', 'sni', 'tls'])
    ? undefined
    : tcpRoute(said, facts, web !== undefined)
  return {
    routes: [...(web?.routes ?? []), ...(tcp?.routes ?? [])],
    middlewares: { ...web?.middlewares, ...tcp?.middlewares },
  }
}

function isBroken(said: Said, { general }: RouteFacts, labels: readonly string[]): boolean {
  const isSilent = said.values.port === undefined && !said.broken.has('port')
  const port = isSilent ? general : said
  return port.broken.has('port') || labels.some((label) => said.broken.has(label))
}

function httpRoute(said: Said, { rule, source, strip }: Place, facts: RouteFacts): DeclaredRoutes {
  const { names, middlewares } = middlewaresOf(said, facts.general)
  const stripName = said.name === '' ? 'strip' : `${said.name}.strip`
  const route: Route = {
    ...bare(facts.name),
    entrypoints: ['http', 'https'],
    rule,
    source,
    middlewares: strip.length > 0 ? [...names, stripName] : [...names],
  }
  return {
    routes: [{ port: said.values.port ?? facts.port, route }],
    middlewares: {
      ...middlewares,
      ...(strip.length > 0 && { [stripName]: { stripPrefix: [...strip] } }),
    },
  }
}

/** Which requests it gets; undefined: none. */
function placeOf(said: Said, { defaultHosts, reader }: RouteFacts): Place | undefined {
  const { prefix, values } = said
  const paths = pathsIn(said, reader)
  if (values.rule?.tcp) return undefined
  const strip = values.strip === true ? (paths ?? []) : []
  if (values.strip === true && paths?.length === 0) {
    sayWithout(`${prefix}strip`, 'true', `${prefix}path`, reader)
  }
  if (values.rule) {
    const others = ['host' as const, ...(values.strip === true ? [] : ['path' as const])]
    for (const key of others) sayBesideRule(said, key, reader)
    return { rule: values.rule.rule, source: 'label', strip }
  }
  const asked = hostsIn(said, reader)
  const hosts = asked.length > 0 ? asked : defaultHosts()
  if (hosts.length === 0) {
    if (values.path !== undefined && paths && values.host === undefined && !values.tcp) {
      sayWithout(`${prefix}path`, values.path, `${prefix}host`, reader)
    }
    return undefined
  }
  if (paths === undefined) return undefined
  return { rule: ruleOf({ hosts, paths }), source: asked.length > 0 ? 'label' : 'default', strip }
}

function tcpRoute(said: Said, facts: RouteFacts, isWebToo: boolean): DeclaredRoutes | undefined {
  const { prefix, values } = said
  const { tcp, sni, rule, tls } = values
  if (!tcp && !sni) {
    if (tls) sayWithout(`${prefix}tls`, tls, `${prefix}tcp`, facts.reader)
    if (rule?.tcp) sayWithout(`${prefix}rule`, rule.rule, `${prefix}tcp`, facts.reader)
    return undefined
  }
  const acting = connectionMiddlewaresOf(said, facts.general)
  if (!acting && !isWebToo) {
    const label = tcp ? 'tcp' : 'sni'
    facts.reader.note(`${prefix}${label}`, (tcp ?? sni ?? []).join(), {
      severity: 'error',
      why: 'a label on this container can only act on HTTP, so that the route would be without it',
      remedy: 'remove that label; allow-ip and in-flight act on connections',
    })
    return undefined
  }
  const role = roleOf(said, facts.general, facts.reader)
  if (role === 'bad') return undefined
  const names = sni?.map((host) => `HostSNI(\`${host}\`)`) ?? ['HostSNI(`*`)']
  const route: Route = {
    ...bare(facts.name),
    kind: 'tcp',
    entrypoints: tcp ?? ['https'],
    rule: rule?.tcp ? rule.rule : names.join(' || '),
    middlewares: [...(acting?.names ?? [])],
    tls: tls || sni ? { passthrough: tls !== 'end', domains: [] } : null,
    ...(role && { role }),
  }
  return {
    routes: [{ port: values.port ?? facts.port, route }],
    middlewares: acting?.middlewares ?? {},
  }
}

function bare(name: string): Omit<Route, 'rule'> {
  const plain = { name, kind: 'http', entrypoints: ['http'], priority: null } as const
  return {
    ...plain,
    entrypoints: ['http'],
    middlewares: [],
    tls: null,
    shared: false,
    source: 'label',
  }
}

/** The hosts that are good: each bad one is a problem, and none at all is one too. */
function hostsIn({ prefix, values }: Said, reader: LabelReader): string[] {
  sayEmpty(`${prefix}host`, values.host, 'shop.example.com', reader)
  return listOf(values.host ?? '').filter((host) =>
    reader.read(`${prefix}host`, host, (text) => ruleOf({ hosts: [text], paths: [] })),
  )
}

/** The paths that are good; undefined when paths were asked for and none is: never open what was to be narrow. */
function pathsIn({ prefix, values }: Said, reader: LabelReader): string[] | undefined {
  if (values.path === undefined) return []
  sayEmpty(`${prefix}path`, values.path, '/api', reader)
  const paths = listOf(values.path).filter((path) => reader.read(`${prefix}path`, path, pathOf))
  return paths.length > 0 ? paths : undefined
}

/** As of a variable of a compose file that is not set. */
function sayEmpty(
  label: string,
  text: string | undefined,
  such: string,
  reader: LabelReader,
): void {
  if (text === undefined || listOf(text).length > 0) return
  const remedy = `write one such as ${such}, or remove it`
  reader.note(label, text, { severity: 'error', why: 'it is empty', remedy })
}

function sayWithout(label: string, text: string, other: string, reader: LabelReader): void {
  const remedy = `add ${other}, or remove it`
  reader.note(label, text, {
    severity: 'warning',
    why: `it has no effect without ${other}`,
    remedy,
  })
}

function sayBesideRule({ prefix, values }: Said, key: 'host' | 'path', reader: LabelReader): void {
  const text = values[key]
  if (text === undefined) return
  const why = `${prefix}rule says all`
  const remedy = 'say it in the rule, and remove this label'
  reader.note(`${prefix}${key}`, text, { severity: 'warning', why, remedy })
}
