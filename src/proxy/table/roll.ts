import type { Catalog } from '../../core/catalog.ts'
import type { Instance } from '../../core/instance.ts'
import type { Policy } from '../../core/policy.ts'
import type { StoredRoute } from '../../core/route.ts'
import {
  type Claim,
  fallbackWishes,
  storedService,
  storedWishes,
  type Wishes,
  wishesOf,
} from './claims.ts'
import { fallbackEntrypoint } from './fallbacks.ts'
import { rememberMs } from './memory.ts'

/** Who asks for what: the wishes of all services and hand-written routes, kept over catalogs. */
export type Roll = {
  /** Reads what is not as it was. Gives the keys whose claims changed, and the askers whose wishes did. */
  update(catalog: Catalog): { readonly keys: Set<string>; readonly askers: Set<string> }
  claimsFor(key: string): readonly Claim[]
  wishesOf(asker: string): Wishes | undefined
  readonly keys: () => Iterable<string>
  readonly askers: () => Iterable<string>
}

/** Wishes, and what they were made from: while that is the same, so are they. */
type Asked = Wishes & {
  readonly stored: StoredRoute | undefined
  /** Of the service, if it is there. */
  readonly list: readonly Instance[] | undefined
}

/** Who asks for a fallback, by which name, and when they went; undefined: they are there. */
type Fallback = { readonly service: string; readonly name: string; readonly goneMs?: number }

/**
 * `clock`: milliseconds; with one, fallbacks stay for as long as the routes of a service that went are remembered.
 */
export function roll(clock?: () => number): Roll {
  const asked = new Map<string, Asked>()
  const claims = new Map<string, readonly Claim[]>()
  /** By asker. */
  const fallbacks = new Map<string, Fallback>()
  let changed = { keys: new Set<string>(), askers: new Set<string>() }

  function put(
    asker: string,
    { stored, list }: Pick<Asked, 'stored' | 'list'>,
    wishes: () => Wishes,
  ): void {
    const before = asked.get(asker)
    if (before && before.stored === stored && before.list === list) return
    remove(asker)
    const next = wishes()
    asked.set(asker, { claims: next.claims, problems: next.problems, stored, list })
    changed.askers.add(asker)
    for (const claim of next.claims) {
      const rivals = claims.get(claim.key)
      // nearly all have none, and then the list that there is
      const alone = next.claims.length === 1 ? next.claims : [claim]
      claims.set(claim.key, rivals ? [...rivals, claim] : alone)
      changed.keys.add(claim.key)
    }
  }

  function remove(asker: string): void {
    for (const claim of asked.get(asker)?.claims ?? []) {
      const rivals = (claims.get(claim.key) ?? []).filter((one) => one !== claim)
      if (rivals.length > 0) claims.set(claim.key, rivals)
      else claims.delete(claim.key)
      changed.keys.add(claim.key)
    }
    if (asked.delete(asker)) changed.askers.add(asker)
  }

  function isForgotten({ goneMs }: Fallback, nowMs: number): boolean {
    return goneMs !== undefined && (!clock || nowMs - goneMs >= rememberMs)
  }

  /** Those that services of this catalog ask for, or did a moment ago. */
  function putFallbacks({ services }: Catalog): void {
    for (const id of changed.askers) {
      const names = services.has(id) ? fallbacksOf(asked.get(id)) : []
      for (const [asker, { service }] of fallbacks) if (service === id) fallbacks.delete(asker)
      for (const name of names) fallbacks.set(fallbackEntrypoint(id, name), { service: id, name })
    }
    const nowMs = clock?.() ?? 0
    for (const [asker, { service, name, goneMs = nowMs }] of fallbacks) {
      const isGone = !services.has(service)
      const wishes = fallbackWishes(service, name, services)
      const now = { service, name, ...(isGone && { goneMs }) }
      // nobody is there any more who could be told what is wrong with it
      if (isForgotten(now, nowMs) || (isGone && wishes.claims.length === 0)) {
        fallbacks.delete(asker)
        continue
      }
      fallbacks.set(asker, now)
      put(asker, { stored: undefined, list: services.get(wishes.service) }, () => wishes)
    }
  }

  function removeAbsent({ services, routes }: Catalog): void {
    if (asked.size === services.size + routes.size + fallbacks.size) return
    const present = new Set([
      ...[...routes.keys()].map(routeAsker),
      ...services.keys(),
      ...fallbacks.keys(),
    ])
    for (const asker of asked.keys()) if (!present.has(asker)) remove(asker)
  }

  return {
    update(catalog) {
      changed = { keys: new Set(), askers: new Set() }
      const { services, routes } = catalog
      for (const stored of routes.values()) {
        const list = services.get(storedService(stored, services))
        put(routeAsker(stored.name), { stored, list }, () => storedWishes(stored, services))
      }
      for (const [id, list] of services) {
        put(id, { stored: undefined, list }, () => wishesOf(id, list))
      }
      putFallbacks(catalog)
      removeAbsent(catalog)
      return changed
    },
    claimsFor: (key) => claims.get(key) ?? [],
    wishesOf: (asker) => asked.get(asker),
    keys: () => claims.keys(),
    askers: () => asked.keys(),
  }
}

function fallbacksOf(wishes: Wishes | undefined): ReadonlySet<string> {
  const claims = wishes?.claims.filter(({ route }) => route.kind === 'http') ?? []
  return new Set(
    claims.flatMap(({ policy }) => [
      ...(policy.fallback === null ? [] : [policy.fallback]),
      ...pageServicesOf(policy),
    ]),
  )
}

/** Those that have the pages for errors. */
function pageServicesOf({ middlewares }: Policy): string[] {
  return Object.values(middlewares).flatMap((one) =>
    'errorPages' in one ? [one.errorPages.service] : [],
  )
}

/** No service's id begins with a space. */
function routeAsker(name: string): string {
  return ` ${name}`
}
