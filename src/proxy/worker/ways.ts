import type { Policy } from '../../core/policy.ts'
import { cookieOf } from '../balance/cookies.ts'
import type { Asking } from '../balance/rotation.ts'
import { served } from '../checks/roles/states.ts'
import { type PoolName, poolOf, pools } from '../table/pools.ts'
import type { TableRoute } from '../table/route.ts'
import { isForCanary, sharing } from './canary.ts'
import { Pool, standingOf } from './pool.ts'
import { castOf, castsOf } from './rotation.ts'
import type { Upstream } from './upstream.ts'
import type { Upstreams } from './upstreams.ts'

type Tried = ReadonlySet<Upstream> | undefined

/** Where requests of one route may go now, and whose turn it is. Outlives the tables that have the route. */
export class Ways {
  route: TableRoute
  /** Of the upstreams, when this was made. */
  epoch: number
  /** From then on it has to be made anew. */
  untilMs: number
  private readonly stable: Pool
  private readonly canary: Pool
  private readonly mirror: Pool
  private readonly toCanary = sharing()
  private readonly toMirror = sharing()
  /** Who is for the canaries, as the newest of them says; null: there are none. */
  private canaries: Policy['canary']
  /** Share of requests that mirrors get, as the newest of them says. */
  private mirrored: number
  /** Nothing but the balance decides. */
  private plain: boolean

  constructor(route: TableRoute, random: () => number) {
    const { balance } = route.policy
    this.route = route
    this.epoch = -1
    this.untilMs = 0
    this.stable = new Pool(balance, random)
    this.canary = new Pool(balance, random)
    this.mirror = new Pool(balance, random)
    this.canaries = null
    this.mirrored = 0
    this.plain = true
  }

  /** From now on the route is this. Who asks with the one before gets the endpoints of this one. */
  by(route: TableRoute): this {
    this.route = route
    this.epoch = -1
    return this
  }

  refresh(upstreams: Upstreams, nowMs: number): void {
    const { targets, policy, tcp } = this.route
    const role = tcp?.role ?? null
    const able =
      role === null ? targets : served(role, targets, (one) => upstreams.of(one, nowMs).role)
    const byPool = Map.groupBy(able, poolOf)
    const known = (name: PoolName) =>
      (byPool.get(name) ?? []).map((one) => standingOf(one, upstreams.of(one, nowMs), nowMs))
    const all = { stable: known('stable'), canary: known('canary'), mirror: known('mirror') }
    const casts = { ...castsOf(all.stable, all.canary), mirror: castOf(all.mirror) }
    this.untilMs = Infinity
    for (const name of pools) {
      const pool = this[name]
      pool.refresh(all[name], casts[name], policy, nowMs)
      this.untilMs = Math.min(this.untilMs, pool.untilMs)
    }
    // the newest stand last
    this.canaries = byPool.get('canary')?.at(-1)?.canary ?? null
    this.mirrored = byPool.get('mirror')?.at(-1)?.mirror ?? 0
    this.plain = policy.sticky === false && !byPool.has('canary')
    // last, because endpoints that are new to the upstreams make it grow
    this.epoch = upstreams.around.epoch
  }

  choose(asking: Asking, tried: Tried, nowMs: number): Upstream | undefined {
    if (this.plain) return this.stable.pick(asking, tried, nowMs)
    const { sticky } = this.route.policy
    const { canaries: canary } = this
    const token = sticky === false ? undefined : cookieOf(asking, sticky.cookie)
    // the share of a canary is for those who are not bound to anybody yet
    const bound = token !== undefined && canary !== null && 'share' in canary
    const anywhere = bound ? this.boundAnywhere(token, tried, nowMs) : undefined
    if (anywhere) return anywhere
    const isCanary = isForCanary(canary, asking, this.toCanary)
    const [first, second] = isCanary ? [this.canary, this.stable] : [this.stable, this.canary]
    const kept = token === undefined ? undefined : first.bound(token, tried, nowMs)
    return kept ?? first.pick(asking, tried, nowMs) ?? second.pick(asking, tried, nowMs)
  }

  chooseMirror(asking: Asking, nowMs: number): Upstream | undefined {
    if (this.mirrored === 0 || !this.toMirror(this.mirrored)) return undefined
    return this.mirror.pick(asking, undefined, nowMs)
  }

  nextTryMs(nowMs: number): number | undefined {
    const [stable, canary] = [this.stable.nextTryMs(nowMs), this.canary.nextTryMs(nowMs)]
    if (stable === undefined || canary === undefined) return stable ?? canary
    return Math.min(stable, canary)
  }

  tokenFor(upstream: Upstream, said: string | undefined): string | undefined {
    return this.stable.tokenFor(upstream, said) ?? this.canary.tokenFor(upstream, said)
  }

  private boundAnywhere(token: string, tried: Tried, nowMs: number): Upstream | undefined {
    return this.stable.bound(token, tried, nowMs) ?? this.canary.bound(token, tried, nowMs)
  }
}
