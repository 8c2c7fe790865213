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

/** Wishes, and what they were made from: while that is the same, so are they. */
type Asked = Wishes & {
  readonly stored: StoredRoute | undefined
  /** Of the service, if it is there. */
  readonly list: readonly Instance[] | undefined
}

/** Who asks for a fallback, by which name, and when they went; undefined: they are there. */
type Fallback = { readonly service: string; readonly name: string; readonly goneMs?: number }

/** What an update touched: the keys whose claims changed, and the askers whose wishes did. */
type Touched = { readonly keys: Set<string>; readonly askers: Set<string> }

/** Who asks for what: the wishes of all services and hand-written routes, kept over catalogs. */
export class Roll {
  private readonly clock: (() => number) | undefined
  private readonly asked = new Map<string, Asked>()
  private readonly claims = new Map<string, readonly Claim[]>()
  /** By asker. */
  private readonly fallbacks = new Map<string, Fallback>()
  private touched: Touched = { keys: new Set(), askers: new Set() }

  /**
   * `clock`: milliseconds; with one, fallbacks stay for as long as the routes of a service that went are remembered.
   */
  constructor(clock?: () => number) {
    this.clock = clock
  }

  /** Reads what is not as it was. */
  update(catalog: Catalog): Touched {
    const { services, routes } = catalog
    this.touched = { keys: new Set(), askers: new Set() }
    for (const stored of routes.values()) {
      const list = services.get(storedService(stored, services))
      this.put(routeAsker(stored.name), { stored, list }, () => storedWishes(stored, services))
    }
    for (const [id, list] of services) {
      this.put(id, { stored: undefined, list }, () => wishesOf(id, list))
    }
    this.putFallbacks(catalog)
    this.removeAbsent(catalog)
    return this.touched
  }

  claimsFor(key: string): readonly Claim[] {
    return this.claims.get(key) ?? []
  }

  wishesOf(asker: string): Wishes | undefined {
    return this.asked.get(asker)
  }

  keys(): Iterable<string> {
    return this.claims.keys()
  }

  askers(): Iterable<string> {
    return this.asked.keys()
  }

  private put(
    asker: string,
    { stored, list }: Pick<Asked, 'stored' | 'list'>,
    wishes: () => Wishes,
  ): void {
    const { asked, claims, touched } = this
    const before = asked.get(asker)
    if (before && before.stored === stored && before.list === list) return
    this.remove(asker)
    const next = wishes()
    asked.set(asker, { claims: next.claims, problems: next.problems, stored, list })
    touched.askers.add(asker)
    for (const claim of next.claims) {
      const rivals = claims.get(claim.key)
      // nearly all have none, and then the list that there is
      const alone = next.claims.length === 1 ? next.claims : [claim]
      claims.set(claim.key, rivals ? [...rivals, claim] : alone)
      touched.keys.add(claim.key)
    }
  }

  private remove(asker: string): void {
    const { asked, claims, touched } = this
    for (const claim of asked.get(asker)?.claims ?? []) {
      const rivals = this.claimsFor(claim.key).filter((one) => one !== claim)
      if (rivals.length > 0) claims.set(claim.key, rivals)
      else claims.delete(claim.key)
      touched.keys.add(claim.key)
    }
    if (asked.delete(asker)) touched.askers.add(asker)
  }

  /** Those that services of this catalog ask for, or did a moment ago. */
  private putFallbacks({ services }: Catalog): void {
    const { fallbacks } = this
    this.noteFallbacks(services)
    const nowMs = this.clock?.() ?? 0
    for (const [asker, { service, name, goneMs = nowMs }] of fallbacks) {
      const isGone = !services.has(service)
      const wishes = fallbackWishes(service, name, services)
      const now = { service, name, ...(isGone && { goneMs }) }
      // nobody is there any more who could be told what is wrong with it
      if (this.isForgotten(now, nowMs) || (isGone && wishes.claims.length === 0)) {
        fallbacks.delete(asker)
        continue
      }
      fallbacks.set(asker, now)
      this.put(asker, { stored: undefined, list: services.get(wishes.service) }, () => wishes)
    }
  }

  private noteFallbacks(services: Catalog['services']): void {
    const { fallbacks } = this
    for (const id of this.touched.askers) {
      const names = services.has(id) ? fallbacksOf(this.asked.get(id)) : []
      for (const [asker, { service }] of fallbacks) if (service === id) fallbacks.delete(asker)
      for (const name of names) fallbacks.set(fallbackEntrypoint(id, name), { service: id, name })
    }
  }

  private isForgotten({ goneMs }: Fallback, nowMs: number): boolean {
    return goneMs !== undefined && (!this.clock || nowMs - goneMs >= rememberMs)
  }

  private removeAbsent({ services, routes }: Catalog): void {
    const { asked, fallbacks } = this
    if (asked.size === services.size + routes.size + fallbacks.size) return
    const present = new Set([
      ...[...routes.keys()].map(routeAsker),
      ...services.keys(),
      ...fallbacks.keys(),
    ])
    for (const asker of asked.keys()) if (!present.has(asker)) this.remove(asker)
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
