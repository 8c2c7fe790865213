import { didYouMean } from '../../../core/suggest.ts'
import type { DeclaredRoute } from '../dialect.ts'
import type { LabelReader } from '../labels.ts'
import type { Router } from './routers.ts'

/** What a router needs of a service. */
export type Linked = {
  readonly name: string
  readonly port: number | undefined
  readonly usable: boolean
}

/**
 * Joins routers and services of one container. A router that names no service gets the only one, or that of its own
 * name, or, if there is none at all, the port `usual`. One that finds nothing is out, alone, and a problem says why.
 */
export function linked(
  routers: readonly Router[],
  services: readonly Linked[],
  usual: number | undefined,
  reader: LabelReader,
): DeclaredRoute[] {
  return routers.flatMap((router) => {
    const found = serviceOf(router, services, usual, reader)
    return found?.usable === true ? { port: found.port ?? usual, route: router.route } : []
  })
}

function serviceOf(
  { label, service, route }: Router,
  services: readonly Linked[],
  usual: number | undefined,
  reader: LabelReader,
): Linked | undefined {
  if (service === undefined) {
    const [only] = services
    if (!only) return { name: route.name, port: usual, usable: true }
    const own = services.length === 1 ? only : named(services, route.name)
    if (!own) sayWhich(label, services, reader)
    return own
  }
  const [name = '', provider = 'docker'] = service.split('@')
  const found = provider === 'docker' ? named(services, name) : undefined
  if (!found) sayMissing(`${label}.service`, { service, name, provider }, services, reader)
  return found
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

type Missing = { readonly service: string; readonly name: string; readonly provider: string }

function sayMissing(
  label: string,
  { service, name, provider }: Missing,
  services: readonly Linked[],
  reader: LabelReader,
): void {
  const names = namesOf(services)
  const near = didYouMean(name, names)
  reader.note(label, service, {
    severity: 'error',
    why:
      provider === 'docker'
        ? `this container declares no service ${name}${near}`
        : `services of Traefik's provider ${provider} don't exist here`,
    remedy:
      provider === 'internal' ? internal : 'write the router to the container of that service',
  })
}

const internal = 'take the router away: dashboard, metrics and health are at --admin'

function namesOf(services: readonly Linked[]): string[] {
  return services.map(({ name }) => name)
}
