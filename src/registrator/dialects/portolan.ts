import { hostPattern } from '../../core/rule/host.ts'
import type { Container } from '../../docker/docker.ts'
import { defaultHost, serviceOf } from '../names.ts'
import { looksLikeHttp } from '../ports.ts'
import { type DeclaredPort, type Dialect, type Facts, nothing } from './dialect.ts'
import { type LabelReader, labelReader } from './labels.ts'
import { type Said, saidIn } from './portolan-labels.ts'
import { generalOf, sayIdleMiddlewares } from './portolan-middlewares.ts'
import { policyOf } from './portolan-policy.ts'
import { sayIdleRoles } from './portolan-roles.ts'
import { routesOf } from './portolan-routes.ts'

/** Portolan's own labels: `portolan.host=shop.example.com` and its companions. */
export const portolanDialect: Dialect = (facts, settings) => {
  const { container } = facts
  const reader = labelReader(`container ${container.name}`, shownOf)
  const { general, routes } = saidIn(container.labels, reader)
  const automatic = settings.exposeAll && !hasRoute(container) ? httpPort(container) : undefined
  const exposed = general.values.expose === true || automatic !== undefined
  const service = general.values.service
  const common = { general, port: general.values.port ?? automatic, reader }
  const declared = [
    routesOf(general, {
      ...common,
      name: serviceOf(facts, service).service,
      defaultHosts: () => (exposed ? defaultHosts(facts, service, settings.domain, reader) : []),
    }),
    ...routes.map((said) =>
      routesOf(said, {
        ...common,
        name: said.name,
        defaultHosts: () => noHosts(said, reader),
      }),
    ),
  ]
  const all = declared.flatMap((one) => one.routes)
  sayIdleRoles(general, routes, reader)
  const acting = generalOf(general)
  const ports = [...routes, general].flatMap((said) => portOf(said, general, reader))
  return {
    ...nothing,
    enabled: general.values.enable,
    network: general.values.network,
    named: [...new Set([common.port, ...all.map(({ port }) => port)])].filter(
      (port) => port !== undefined,
    ),
    ports,
    routes: all,
    middlewares: Object.assign(
      { ...acting?.http.middlewares },
      ...declared.map(({ middlewares }) => middlewares),
    ),
    ...(acting && { general: acting }),
    problems: reader.problems,
  }
}

/** What is said of a route's port; in general it is said of all. */
function portOf(said: Said, general: Said, reader: LabelReader): DeclaredPort[] {
  const { service, weight, scheme } = said.values
  sayIdleMiddlewares(said, reader)
  const policy = policyOf(said, reader)
  const isEmpty = (service ?? weight ?? scheme) === undefined && Object.keys(policy).length === 0
  if (isEmpty) return []
  return [
    {
      port: said === general ? undefined : (said.values.port ?? general.values.port),
      ...(service !== undefined && { service }),
      ...(weight !== undefined && { weight }),
      ...(scheme !== undefined && { scheme }),
      ...(Object.keys(policy).length > 0 && { policy }),
    },
  ]
}

/** Whether a label decides, so that exposing everything leaves it alone. */
function hasRoute({ labels }: Container): boolean {
  return Object.keys(labels).some((label) =>
    /^portolan\.(host|expose|rule|tcp|sni|routes\..*)$/s.test(label),
  )
}

function httpPort({ ports }: Container): number | undefined {
  return ports.find(looksLikeHttp)?.port
}

/** Names of services and projects may be longer than a host name takes, or have what none has. */
function defaultHosts(
  facts: Facts,
  service: string | undefined,
  domain: string,
  reader: LabelReader,
): string[] {
  const host = defaultHost(facts, service, domain)
  if (hostPattern(host) !== undefined) return [host]
  reader.problems.push({
    severity: 'error',
    where: `container ${facts.container.name}`,
    what: `default host ${JSON.stringify(host)}`,
    why: 'it is no host name, so that there is no route',
    remedy: 'name one: portolan.host=shop.example.com',
  })
  return []
}

/** Who may log in, and what is written into requests, is not for everybody who sees problems. */
function shownOf(label: string, text: string): string {
  return /auth|header|user|password/i.test(label) ? '…' : text
}

/** A route of its own name has to say what it is for. */
function noHosts({ prefix, values, broken }: Said, reader: LabelReader): string[] {
  const isSaid = ['host', 'path', 'rule', 'tcp', 'sni'].some(
    (key) => Object.hasOwn(values, key) || broken.has(key),
  )
  if (!isSaid) {
    reader.problems.push({
      severity: 'error',
      where: reader.where,
      what: `labels ${prefix}*`,
      why: 'they don’t say which requests the route gets',
      remedy: `add ${prefix}host, ${prefix}rule or ${prefix}tcp`,
    })
  }
  return []
}
