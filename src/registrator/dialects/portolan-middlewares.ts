import { type Middleware, middlewareSchema } from '../../core/middleware.ts'
import type { Acting } from './dialect.ts'
import type { LabelReader } from './labels.ts'
import type { Said } from './portolan-labels.ts'
import { sayIdle } from './portolan-policy.ts'

type Maker = {
  readonly label: string
  /** Undefined: it was switched off. */
  readonly make: (said: Said) => object | undefined
  /** Whether it can act on connections that are not HTTP. */
  readonly tcp?: true
}

/** In the order in which they act: whom to refuse comes before what to do with the others. */
const makers: readonly Maker[] = [
  {
    label: 'redirect-https',
    make: ({ values }) =>
      values['redirect-https'] === true
        ? { redirectScheme: { scheme: 'https', port: 'public', permanent: true } }
        : undefined,
  },
  { label: 'allow-ip', make: ({ values }) => allowIp(values['allow-ip']), tcp: true },
  { label: 'rate-limit', make: ({ values }) => ({ rateLimit: values['rate-limit'] }) },
  { label: 'in-flight', make: ({ values }) => inFlight(values['in-flight']), tcp: true },
  {
    label: 'basic-auth',
    make: ({ values }) => ({ basicAuth: { users: values['basic-auth'], realm: 'portolan' } }),
  },
  {
    label: 'forward-auth',
    make: ({ values }) => ({
      forwardAuth: {
        address: values['forward-auth'],
        responseHeaders: values['forward-auth.headers'],
      },
    }),
  },
  { label: 'max-body', make: ({ values }) => ({ maxBody: { requestBytes: values['max-body'] } }) },
  { label: 'timeout', make: ({ values }) => ({ timeout: { firstByteMs: values.timeout } }) },
  { label: 'header', make: ({ headers }) => ({ headers }) },
  {
    label: 'compress',
    make: ({ values }) => (values.compress === true ? { compress: {} } : undefined),
  },
]

const onConnections = makers.filter(({ tcp }) => tcp)

/**
 * What acts on the requests of a route: what is said of it, else what is said in general. One with a bad value closes
 * the route: it might have been there to keep somebody out.
 */
export function middlewaresOf(said: Said, general: Said): Acting {
  return acting(makers, said, general)
}

/** What is said of all routes: what acts on requests, and what of it on connections. */
export function generalOf(general: Said) {
  const http = acting(makers, general, general)
  return http.names.length === 0
    ? undefined
    : { http, tcp: acting(onConnections, general, general) }
}

/** The same for connections. Undefined when something acts that can't on a connection. */
export function connectionMiddlewaresOf(said: Said, general: Said): Acting | undefined {
  const onlyHttp = makers.filter(({ tcp }) => tcp === undefined)
  if (acting(onlyHttp, said, general).names.length > 0) return undefined
  return acting(onConnections, said, general)
}

/** Labels of middlewares that mean nothing without another. */
export function sayIdleMiddlewares(said: Said, reader: LabelReader): void {
  if (said.values['forward-auth'] === undefined && !said.broken.has('forward-auth')) {
    sayIdle(said, 'forward-auth.headers', 'forward-auth', reader)
  }
}

function acting(of: readonly Maker[], said: Said, general: Said): Acting {
  const names: string[] = []
  const middlewares: Record<string, Middleware> = {}
  for (const { label, make } of of) {
    const own = speaks(said, label) ? said : general
    if (!speaks(own, label)) continue
    const from = label === 'header' ? withHeadersOf(general, own) : own
    const name = from.name === '' ? label : `${from.name}.${label}`
    const made = from.broken.has(label) ? { unread: `portolan.${name}` } : make(from)
    if (!made) continue
    middlewares[name] = middlewareSchema.parse(made)
    names.push(name)
  }
  return { names, middlewares }
}

/** Each header is a word of its own: what is said of others in general holds on. */
function withHeadersOf(general: Said, own: Said): Said {
  const broken = general.broken.has('header') ? new Set([...own.broken, 'header']) : own.broken
  const request = { ...general.headers.request, ...own.headers.request }
  const response = { ...general.headers.response, ...own.headers.response }
  return { ...own, broken, headers: { request, response } }
}

function speaks({ values, headers, broken }: Said, label: string): boolean {
  if (broken.has(label)) return true
  if (label !== 'header') return Object.hasOwn(values, label)
  return Object.keys(headers.request).length + Object.keys(headers.response).length > 0
}

function allowIp(ranges: readonly string[] | undefined) {
  return { allowIp: { ranges } }
}

function inFlight(amount: number | undefined) {
  return { inFlight: { amount } }
}
