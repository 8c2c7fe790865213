import type { Route } from '../../../core/route.ts'
import type { DeclaredRoute } from '../dialect.ts'
import type { LabelReader } from '../labels.ts'
import type { Router } from './routers.ts'

/** What a router needs of a service. */
export type Linked = {
  readonly name: string
  readonly port: number | undefined
  readonly usable: boolean
}

/** Where the routers of one container lead: to a port of its own, or to a service that another one declares. */
export type Links = {
  readonly routes: readonly DeclaredRoute[]
  readonly elsewhere: readonly { readonly service: string; readonly route: Route }[]
}

/**
 * Joins routers and services. A router that names no service gets the only one of its container, or that of its own
 * name, or, if there is none at all, the port `usual`. One that can't find any is out, alone, and a problem says why.
 */
export function linked(
  routers: readonly Router[],
  services: readonly Linked[],
  usual: number | undefined,
  reader: LabelReader,
): Links {
  const routes: DeclaredRoute[] = []
  const elsewhere: { service: string; route: Route }[] = []
  for (const router of routers) {
    const found = serviceOf(router, services, usual, reader)
    const { route } = router
    if (typeof found === 'string') elsewhere.push({ service: found, route })
    else if (found?.usable === true) routes.push({ port: found.port ?? usual, route })
  }
  return { routes, elsewhere }
}

/** A service of this container, or the name of one that another declares. */
function serviceOf(
  { label, service, route }: Router,
  services: readonly Linked[],
  usual: number | undefined,
  reader: LabelReader,
): Linked | string | undefined {
  if (service === undefined) {
    const [only] = services
    if (!only) return { name: route.name, port: usual, usable: true }
    const own = services.length === 1 ? only : named(services, route.name)
    if (!own) sayWhich(label, services, reader)
    return own
  }
  const [name = '', provider = 'docker'] = service.split('@')
  if (provider === 'docker') return named(services, name) ?? name
  reader.note(`${label}.service`, service, {
    severity: 'error',
    why: `services of Traefik's provider ${provider} don't exist here`,
    remedy: provider === 'internal' ? internal : 'name a service that a container declares',
  })
  return undefined
}

function named(services: readonly Linked[], name: string): Linked | undefined {
  return services.find((one) => one.name.toLowerCase() === name.toLowerCase())
}

function sayWhich(label: string, services: readonly Linked[], reader: LabelReader): void {
  reader.note(label, '…', {
    severity: 'error',
    why: `it names no service, and this container has ${services.length}`,
    remedy: `write ${label}.service= one of ${namesOf(services).join(', ')}`,
  })
}

const internal = 'take the router away: dashboard, metrics and health are at --admin'

function namesOf(services: readonly Linked[]): string[] {
  return services.map(({ name }) => name)
}
