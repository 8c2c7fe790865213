import type { Balance as BalanceName } from '../../core/policy.ts'
import { balanceOf } from '../balance/balances.ts'
import {
  type Asking,
  type Balance,
  loadOf,
  type Member,
  type Rotation,
  rotationOf,
} from '../balance/rotation.ts'
import type { RoutePolicy, Target } from '../table/route.ts'
import type { Cast, Standing } from './rotation.ts'
import { tokenOf } from './sticky.ts'
import type { Upstream } from './upstream.ts'

/** Requests in flight at one endpoint of our own node, of those with most weight, from which others help. */
const mostNear = 32
/** Slow starts go on in so many steps. */
const steps = 20
/** Share of its weight with which an endpoint begins. */
const least = 1 / steps

const nobody: Rotation = { members: [], even: true }

/** The endpoints of a route among which requests are spread together: its stable ones, its canaries or its mirrors. */
export class Pool {
  /** Who may get requests. */
  rotation: Rotation = nobody
  /** Those of our own node, while they are preferred to others. */
  near: Rotation = nobody
  /** When `rotation` has to be made anew though nothing changed. */
  untilMs = Infinity
  /** Some may get requests once they have passed our checks. */
  private waiting = false
  /** Requests in flight for each unit of weight, at which `near` is busy. */
  private nearLoad = mostNear
  /** Nobody of `near` has to prove itself. */
  private isNearProven = false
  /** Tried by one request at a time. */
  private probation: readonly Upstream[] = []
  /** Some of the rotation have to prove themselves. */
  private unproven = false
  private members = new Map<string, Member>()
  /** By what sticky cookies say; empty if there are none. */
  private tokens = new Map<string, Member>()
  private balance: Balance
  /** Turns of `near`; undefined until there are any. */
  private nearBalance: Balance | undefined
  private balanceName: BalanceName
  private readonly random: () => number

  constructor(name: BalanceName, random: () => number) {
    this.balanceName = name
    this.balance = balanceOf(name, random)
    this.nearBalance = undefined
    this.random = random
  }

  /** Makes the rotation of what is known now. Members that stay keep their turns. */
  refresh(
    all: readonly Known[],
    { rotation, probation }: Cast<Known>,
    policy: RoutePolicy,
    nowMs: number,
  ): void {
    if (policy.balance !== this.balanceName) {
      this.balanceName = policy.balance
      this.balance = balanceOf(policy.balance, this.random)
      this.nearBalance = undefined
    }
    const members = rotation.map((one) => this.memberOf(one, policy.slowStartMs, nowMs))
    settleCredits(members)
    this.members = new Map(members.map((one) => [one.upstream.identity, one]))
    this.rotation = rotationOf(members)
    this.waiting = all.some(({ state, check }) => state === 'ready' && check === 'unknown')
    this.probation = probation.map(({ upstream }) => upstream)
    this.unproven = this.probation.length > 0 || isUnproven(members)
    this.preferNear(policy.locality === 'prefer' ? nearOf(members, all) : nobody, rotation)
    this.untilMs = nextMs(all, members, policy.slowStartMs, nowMs)
    this.tokens = new Map(
      policy.sticky === false ? [] : members.map((one) => [tokenOf(one.upstream.identity), one]),
    )
    if (policy.balance === 'p2c:latency') for (const { upstream } of members) upstream.timed = true
  }

  /** An endpoint for a request, if there is one now. */
  pick(
    asking: Asking,
    tried: ReadonlySet<Upstream> | undefined,
    nowMs: number,
  ): Upstream | undefined {
    if (tried !== undefined && tried.size > 0) return this.pickOfFree(asking, tried, nowMs)
    if (this.nearBalance !== undefined && this.isNearProven) {
      const own = this.nearBalance(this.near, asking, nowMs)
      if (own && loadOf(own) < this.nearLoad) return own.upstream
    }
    if (this.unproven) return this.pickOfFree(asking, tried, nowMs)
    return this.balance(this.rotation, asking, nowMs)?.upstream
  }

  /** The endpoint that a sticky cookie names, if it may get requests. */
  bound(
    token: string,
    tried: ReadonlySet<Upstream> | undefined,
    nowMs: number,
  ): Upstream | undefined {
    const upstream = this.tokens.get(token)?.upstream
    if (!upstream || !isFree(upstream, tried, nowMs)) return undefined
    return this.proved(upstream, nowMs)
  }

  /** What a sticky cookie says of `upstream`; undefined if it is none of this rotation. `said`: likely it. */
  tokenFor(upstream: Upstream, said: string | undefined): string | undefined {
    if (said !== undefined && this.tokens.get(said)?.upstream === upstream) return said
    for (const [token, member] of this.tokens) if (member.upstream === upstream) return token
    return undefined
  }

  /** When a connect may succeed that can't now; undefined: nobody is there. */
  nextTryMs(nowMs: number): number | undefined {
    let earliest = this.waiting ? nowMs + 1000 : Infinity
    for (const { upstream } of this.rotation.members) {
      earliest = Math.min(earliest, upstream.nextTryMs)
    }
    for (const upstream of this.probation) earliest = Math.min(earliest, upstream.nextTryMs)
    return earliest === Infinity ? undefined : earliest
  }

  /** `near`: nobody while nobody is preferred. */
  private preferNear(near: Rotation, rotation: readonly Known[]): void {
    this.near = near
    if (near.members.length > 0) this.nearBalance ??= balanceOf(this.balanceName, this.random)
    const isProven = near.members.every(({ upstream }) => !isDoubtful(upstream))
    this.isNearProven =
      near.members.length > 0 && (!this.unproven || (isProven && this.probation.length === 0))
    const weights = rotation.flatMap(({ upstream, weight }) =>
      upstream.target.own ? [weight || 1] : [],
    )
    this.nearLoad = mostNear / Math.max(...weights)
  }

  private pickOfFree(
    asking: Asking,
    tried: ReadonlySet<Upstream> | undefined,
    nowMs: number,
  ): Upstream | undefined {
    const isFirstTry = tried === undefined || tried.size === 0
    const due = isFirstTry && this.probation.find((one) => isFree(one, tried, nowMs))
    if (due) return this.proved(due, nowMs)
    const free = this.rotation.members.filter((one) => isFree(one.upstream, tried, nowMs))
    // after a failed connect, and while they are preferred, those of our own node go first
    const isNearFirst = this.near.members.length > 0 || !isFirstTry
    const own = isNearFirst ? free.filter(({ upstream }) => upstream.target.own) : []
    const first = own.length > 0 ? this.balance(rotationOf(own), asking, nowMs) : undefined
    const isFirst = first !== undefined && (!isFirstTry || loadOf(first) < this.nearLoad)
    const chosen = isFirst ? first : this.balance(rotationOf(free), asking, nowMs)
    return chosen && this.proved(chosen.upstream, nowMs)
  }

  /** Notes that a request finds out whether `upstream` is there, so that others don't meanwhile. */
  private proved(upstream: Upstream, nowMs: number): Upstream {
    if (this.unproven && isDoubtful(upstream)) upstream.probing(nowMs)
    return upstream
  }

  private memberOf({ upstream, weight }: Known, slowStartMs: number, nowMs: number): Member {
    const before = this.members.get(upstream.identity)
    const now = (weight || 1) * ramp(upstream, slowStartMs, nowMs)
    if (before?.upstream !== upstream) return { upstream, weight: now, credit: 0 }
    before.weight = now
    return before
  }
}

export type Known = Standing & { readonly upstream: Upstream }

export function standingOf({ state, weight }: Target, upstream: Upstream, nowMs: number): Known {
  const { check, failures, reachedOnce, ejection, endsAtMs } = upstream
  const ejectedUntilMs = ejection.untilMs > nowMs ? ejection.untilMs : 0
  const over = endsAtMs <= nowMs
  const refusing = failures > 0
  return { upstream, state, over, weight, check, refusing, reachedOnce, ejectedUntilMs }
}

function isFree(upstream: Upstream, tried: ReadonlySet<Upstream> | undefined, nowMs: number) {
  return upstream.nextTryMs <= nowMs && tried?.has(upstream) !== true
}

function isDoubtful({ failures, reachedOnce }: Upstream): boolean {
  return failures > 0 || !reachedOnce
}

/** Somebody refuses; or some were reached once, and others not yet. */
function isUnproven(members: readonly Member[]): boolean {
  const reached = members.filter(({ upstream }) => upstream.reachedOnce).length
  if (reached > 0 && reached < members.length) return true
  return members.some(({ upstream }) => upstream.failures > 0)
}

/** Nobody is owed, or owes, more than weights can make of it now: they may have been far greater. */
function settleCredits(members: readonly Member[]): void {
  const total = members.reduce((sum, { weight }) => sum + weight, 0)
  for (const member of members) member.credit = Math.max(-total, Math.min(total, member.credit))
}

/** Own ones, if at least half of those that our node has may get requests. */
function nearOf(members: readonly Member[], all: readonly Known[]): Rotation {
  const near = members.filter(({ upstream }) => upstream.target.own)
  const known = all.filter(({ upstream, state }) => upstream.target.own && state !== 'draining')
  return near.length * 2 >= known.length ? rotationOf(near) : nobody
}

/** Share of its weight that an endpoint gets, so long after it was ready for the first time. */
function ramp({ readySinceMs }: Upstream, slowStartMs: number, nowMs: number): number {
  if (slowStartMs <= 0 || readySinceMs === undefined) return 1
  return Math.min(1, Math.max(least, (nowMs - readySinceMs) / slowStartMs))
}

/** When somebody's ejection or time ends, or somebody's weight grows. */
function nextMs(
  all: readonly Known[],
  members: readonly Member[],
  slowStartMs: number,
  nowMs: number,
): number {
  const ends = all.flatMap(({ ejectedUntilMs }) => (ejectedUntilMs > 0 ? [ejectedUntilMs] : []))
  const lasts = all.flatMap(({ upstream, over }) => (over ? [] : [upstream.endsAtMs]))
  const isRamping = members.some(({ upstream }) => ramp(upstream, slowStartMs, nowMs) < 1)
  return Math.min(...ends, ...lasts, isRamping ? nowMs + slowStartMs / steps : Infinity)
}
