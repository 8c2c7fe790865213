import { type Balance, balances } from './balance.ts'
import type { RouteChange } from './changes.ts'
import type { TableRoute, Target } from './route.ts'
import type { Upstream, Upstreams } from './upstreams.ts'

/** Who takes a request; or nobody, and when to look again because a connect may succeed then. */
export type Choice =
  | { readonly kind: 'target'; readonly target: Target; readonly upstream: Upstream }
  | { readonly kind: 'nobody'; readonly refusedUntilMs: number | undefined }

export type Chooser = {
  choose(route: TableRoute, tried: ReadonlySet<string>, nowMs: number): Choice
  /** Forgets the turns of routes that are no more, or are balanced in another way. */
  forget(changes: readonly RouteChange[]): void
}

const firstPauseMs = 50
const longestPauseMs = 250

/** Ready endpoints; if there are none, draining ones; never a mix. Those that just refused a connect are let be. */
export function chooser(upstreams: Upstreams): Chooser {
  const turns = new Map<string, Balance>()
  const turnOf = (route: TableRoute) =>
    turns.getOrInsertComputed(turnName(route), () => balances[route.balance]())

  return {
    choose(route, tried, nowMs) {
      const able = inRotation(route.targets)
      const candidates = able.map((target) => {
        const upstream = upstreams.of(target, nowMs)
        return { target, upstream, weight: target.weight || 1, busy: upstream.inFlight }
      })
      const free = candidates.filter(
        ({ target, upstream }) => !tried.has(target.identity) && upstream.nextTryMs <= nowMs,
      )
      const chosen = free.length > 0 ? turnOf(route)(free) : undefined
      if (chosen) {
        const { target, upstream } = chosen
        // one request at a time finds out whether it is back
        if (upstream.failures > 0) upstream.nextTryMs = nowMs + pauseMs(upstream.failures)
        return { kind: 'target', target, upstream }
      }
      if (candidates.length === 0) return { kind: 'nobody', refusedUntilMs: undefined }
      const earliest = Math.min(...candidates.map(({ upstream }) => upstream.nextTryMs))
      return { kind: 'nobody', refusedUntilMs: earliest }
    },
    forget(changes) {
      for (const { before, after } of changes) {
        if (before && turnName(before) !== (after && turnName(after))) {
          turns.delete(turnName(before))
        }
      }
    },
  }
}

function turnName({ key, balance }: TableRoute): string {
  return `${balance} ${key}`
}

/** A connect failed: others are preferred for a growing while. */
export function markRefused(upstream: Upstream, nowMs: number): void {
  upstream.failures++
  upstream.showFailures(upstream.failures)
  upstream.nextTryMs = nowMs + pauseMs(upstream.failures)
}

export function markReached(upstream: Upstream): void {
  upstream.failures = 0
  upstream.showFailures(0)
  upstream.nextTryMs = 0
}

function pauseMs(failures: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 10))
}

function inRotation(targets: readonly Target[]): readonly Target[] {
  const ready = targets.filter(({ state }) => state === 'ready')
  const able = ready.length > 0 ? ready : targets.filter(({ state }) => state === 'draining')
  const weighty = able.filter(({ weight }) => weight > 0)
  return weighty.length > 0 ? weighty : able
}
