import { type HealthCheck, healthSchema, stickySchema } from '../../../core/policy.ts'
import type { Policy } from '../../../core/policy.ts'
import type { DeclaredPort } from '../dialect.ts'
import { choiceOf, type LabelReader, weightOf } from '../labels.ts'
import {
  boolean,
  durationMs,
  integer,
  needless,
  optional,
  pairs,
  port,
  scalar,
  struct,
  text,
  type Values,
  without,
} from './decode.ts'
import { defaultCookie } from './names.ts'
import { proxyProtocol, proxyProtocolOf } from './proxy-protocol.ts'
import { childOf, childrenOf, type Node } from './tree.ts'

/** A service of a container's labels: a port of it, and how requests are spread over its instances. */
export type Service = {
  readonly name: string
  /** Undefined: the container's default port. */
  readonly port: number | undefined
  /** False: routers that lead to it are out, and a problem says why. */
  readonly usable: boolean
  readonly said: DeclaredPort
}

const elsewhere = without(
  'labels route to their own container only',
  'write a route to that address into the store: routes/<name> with endpoints',
  'error',
)
const transport = without('connections are made with the usual settings', 'leave it out')

const cookie = optional({
  name: text,
  secure: boolean,
  httponly: boolean,
  samesite: scalar(choiceOf(['none', 'lax', 'strict'] as const)),
  maxage: integer,
  path: text,
  domain: text,
})

const health = optional({
  path: text,
  scheme: scalar(choiceOf(['http', 'https', 'h2c'] as const)),
  mode: scalar(choiceOf(['http', 'grpc'] as const)),
  method: text,
  status: integer,
  port,
  interval: durationMs,
  unhealthyinterval: without('both kinds of instances are checked at interval', 'leave it out'),
  timeout: durationMs,
  hostname: text,
  followredirects: boolean,
  headers: pairs,
})

const balances = {
  wrr: 'round-robin',
  p2c: 'p2c',
  hrw: 'hash:ip',
  leasttime: 'p2c:latency',
} as const

const balancer = struct({
  server: struct({
    port,
    scheme: scalar(choiceOf(['http', 'https', 'h2c'] as const)),
    url: elsewhere,
    weight: scalar(weightOf),
    preservepath: needless('paths stay as they are'),
  }),
  passhostheader: boolean,
  strategy: scalar(choiceOf(['wrr', 'p2c', 'hrw', 'leasttime'] as const)),
  sticky: optional({ cookie }),
  healthcheck: health,
  responseforwarding: struct({ flushinterval: needless('answers are passed on as they come') }),
  proxyprotocol: proxyProtocol,
  serverstransport: transport,
  passivehealthcheck: without('instances that fail are left out by own rules', 'leave it out'),
})

const service = struct({ loadbalancer: balancer })

type Balancer = Values<{ loadbalancer: typeof balancer }>['loadbalancer']

/** The services under `traefik.http`; `root` is its tree. */
export function servicesOf(root: Node, reader: LabelReader): Service[] {
  return childrenOf(childOf(root, 'services')).map((node) => {
    const found = service(node, reader)?.loadbalancer
    const { server, strategy } = found ?? {}
    const policy: Partial<Omit<Policy, 'middlewares'>> = {
      ...(strategy !== undefined && { balance: balances[strategy] }),
      ...(found?.passhostheader !== undefined && { passHost: found.passhostheader }),
      ...stickyOf(node.name, found),
      ...proxyProtocolOf(node, found?.proxyprotocol, reader),
      ...healthOf(node, found, reader),
    }
    const said = {
      port: server?.port,
      transport: 'tcp' as const,
      ...(server?.scheme !== undefined && { scheme: server.scheme }),
      ...(server?.weight !== undefined && { weight: server.weight }),
      policy,
    }
    return { name: node.name, port: server?.port, usable: isUsable(node, server?.port), said }
  })
}

/** Not when its port can't be read, or when it is another address. */
export function isUsable(node: Node, read: number | undefined): boolean {
  const server = childOf(node, 'loadbalancer', 'server')
  if (server?.children.has('url')) return false
  return read !== undefined || !server?.children.has('port')
}

/** Traefik sends a cookie that scripts can read, unless it is told otherwise. */
function stickyOf(name: string, found: Balancer): Pick<Partial<Policy>, 'sticky'> {
  const asked = found?.sticky?.cookie
  if (!asked) return {}
  const sticky = stickySchema.parse({
    cookie: asked.name || defaultCookie(`${name}@docker`),
    secure: asked.secure,
    httpOnly: asked.httponly ?? false,
    sameSite: asked.samesite,
    maxAge: asked.maxage,
    path: asked.path,
    domain: asked.domain,
  })
  return { sticky }
}

/** One check decides, in both directions, as in Traefik; its times and its statuses are the defaults. */
function healthOf(node: Node, found: Balancer, reader: LabelReader): { health?: HealthCheck } {
  const asked = found?.healthcheck
  if (!asked) return {}
  const { scheme = found.server?.scheme, mode, path = '', status } = asked
  const checked = healthSchema.safeParse({
    kind: mode === 'grpc' ? mode : scheme === 'https' ? scheme : 'http',
    path: path.startsWith('/') ? path : `/${path}`,
    method: asked.method,
    host: asked.hostname,
    port: asked.port,
    headers: asked.headers,
    intervalMs: asked.interval ?? 30_000,
    timeoutMs: asked.timeout ?? 5000,
    rise: 1,
    fall: 1,
    expect: status === undefined ? undefined : [String(status)],
    followRedirects: asked.followredirects ?? true,
  })
  if (checked.success) return { health: checked.data }
  reader.note(`${node.label}.loadbalancer.healthcheck`, '…', {
    severity: 'error',
    why: checked.error.issues.map(({ message }) => message).join(', '),
    remedy: 'correct it; until then nothing is checked',
  })
  return {}
}
