import { PortolanError } from '../../core/errors.ts'
import { balanceSchema, roleSchema } from '../../core/policy.ts'
import { didYouMean } from '../../core/suggest.ts'
import {
  booleanOf,
  choiceOf,
  type LabelReader,
  portOf,
  sayClosed,
  serviceNameOf,
  weightOf,
} from './labels.ts'
import {
  canaryOf,
  countOf,
  entrypointList,
  headerList,
  healthOf,
  isHeaderName,
  nameOf,
  probeOf,
  rangeList,
  rateOf,
  ruleTextOf,
  serviceIdOf,
  shareOf,
  sizeOf,
  sniList,
  statusList,
  stickyOf,
  timeOf,
  usersOf,
  webAddressOf,
} from './portolan-values.ts'

const asWritten = (text: string) => text

/** Of the container as a whole. */
const ofContainer = {
  enable: booleanOf,
  expose: booleanOf,
  service: serviceNameOf,
  network: asWritten,
} as const

/** Of one route: the container's own, or one under `portolan.routes.<name>.`. */
const ofRoute = {
  host: asWritten,
  path: asWritten,
  strip: booleanOf,
  rule: ruleTextOf,
  port: portOf,
  tcp: entrypointList,
  sni: sniList,
  tls: choiceOf(['pass', 'end']),
  scheme: choiceOf(['http', 'https', 'h2c']),
  weight: weightOf,
  lb: matching(
    balanceSchema,
    'p2c, p2c:latency, round-robin, least, random, hash:ip, hash:header:X, hash:cookie:X',
  ),
  sticky: stickyOf,
  health: healthOf,
  'health.interval': timeOf,
  'health.timeout': timeOf,
  'health.rise': countOf,
  'health.fall': countOf,
  'health.expect': statusList,
  role: choiceOf(roleSchema.options),
  probe: probeOf,
  'probe.port': portOf,
  'probe.user': nameOf,
  'probe.password-file': nameOf,
  'probe.interval': timeOf,
  'probe.timeout': timeOf,
  'probe.rise': countOf,
  'probe.fall': countOf,
  canary: canaryOf,
  mirror: shareOf,
  fallback: serviceIdOf,
  'slow-start': timeOf,
  locality: choiceOf(['any', 'prefer', 'local-only']),
  'proxy-protocol': choiceOf(['1', '2', 'v1', 'v2']),
  'redirect-https': booleanOf,
  'allow-ip': rangeList,
  'rate-limit': rateOf,
  'in-flight': countOf,
  'basic-auth': usersOf,
  'forward-auth': webAddressOf,
  'forward-auth.headers': headerList,
  'max-body': sizeOf,
  timeout: timeOf,
  compress: booleanOf,
} as const

/** Labels without which a route is not what was meant, and may be open to whom it must not be. */
const acting = new Set([
  'redirect-https',
  'allow-ip',
  'rate-limit',
  'in-flight',
  'basic-auth',
  'forward-auth',
  'max-body',
  'timeout',
  'header',
  'compress',
])

const readers = { ...ofContainer, ...ofRoute }

type Values = { -readonly [K in keyof typeof readers]?: ReturnType<(typeof readers)[K]> }
type Pairs = Record<string, string>

/** What is said of one route, or in general. */
export type Said = {
  /** `portolan.` or `portolan.routes.<name>.`; labels are this and a key of `values`. */
  readonly prefix: string
  /** Name of the route; empty for what is said in general. */
  readonly name: string
  readonly values: Values
  readonly headers: { readonly request: Pairs; readonly response: Pairs }
  /** First words of labels whose values are bad. */
  readonly broken: Set<string>
}

/** Reads all labels of ours. Bad values and unknown labels are problems. */
export function saidIn(
  labels: Readonly<Record<string, string>>,
  reader: LabelReader,
): { readonly general: Said; readonly routes: readonly Said[] } {
  const general = nothingSaid('portolan.', '')
  const routes = new Map<string, Said>()
  for (const [label, text] of Object.entries(labels).toSorted(byName)) {
    const [, own] = /^portolan\.(.+)$/s.exec(label) ?? []
    const [, name = '', key = ''] = /^routes\.([A-Za-z0-9_-]{1,64})\.(.+)$/s.exec(own ?? '') ?? []
    const said =
      name === ''
        ? general
        : routes.getOrInsertComputed(name, () => nothingSaid(`portolan.routes.${name}.`, name))
    if (own !== undefined) hear(said, label, name === '' ? own : key, text, reader)
  }
  return { general, routes: [...routes.values()] }
}

function nothingSaid(prefix: string, name: string): Said {
  return { prefix, name, values: {}, headers: { request: {}, response: {} }, broken: new Set() }
}

function hear(said: Said, label: string, key: string, text: string, reader: LabelReader): void {
  const [, way, header = ''] = /^header\.(request|response)\.(.+)$/s.exec(key) ?? []
  let value: object | undefined
  if (way === 'request' || way === 'response') {
    value = reader.read(label, text.trim(), headerOf(header))
    if (value) Object.assign(said.headers[way], value)
  } else if (isKnown(key, said)) {
    value = reader.read(label, text.trim(), (trimmed) => ({ [key]: readers[key](trimmed) }))
    if (value) Object.assign(said.values, value)
  } else {
    return sayUnknown(said, label, key, reader)
  }
  if (value) return
  const [first = key] = key.split('.')
  said.broken.add(first)
  if (acting.has(first)) sayClosed(reader, reader.problems.length - 1)
}

function headerOf(name: string) {
  return (text: string): Pairs => {
    if (isHeaderName(name)) return { [name]: text }
    throw new PortolanError('bad-value', 'its last part is no header name; write one such as X-A')
  }
}

function isKnown(key: string, { name }: Said): key is keyof typeof readers {
  return Object.hasOwn(ofRoute, key) || (name === '' && Object.hasOwn(ofContainer, key))
}

function sayUnknown(said: Said, label: string, key: string, reader: LabelReader): void {
  const whole = Object.hasOwn(ofContainer, key)
  const known = [...Object.keys(ofRoute), ...(said.name === '' ? Object.keys(ofContainer) : [])]
  // a misspelt label may hold what nobody should see
  reader.note(label, '…', {
    severity: 'warning',
    why: whole ? 'it is said of the whole container' : `no such label${didYouMean(key, known)}`,
    remedy: whole ? `write portolan.${key}` : 'remove it, or look it up in docs/labels.md',
  })
}

/** What a schema takes as it is written. */
function matching(
  schema: { safeParse(text: string): { success: boolean } },
  choices: string,
): (text: string) => string {
  return (text) => {
    if (schema.safeParse(text).success) return text
    throw new PortolanError('bad-value', `it is not one of the known values; write ${choices}`)
  }
}

function byName([a]: [string, string], [b]: [string, string]): number {
  return a < b ? -1 : 1
}
