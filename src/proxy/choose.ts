import { type Balance, balances } from './balance.ts'
import type { RouteChange } from './changes.ts'
import type { TableRoute, Target } from './route.ts'
import type { Upstream, Upstreams } from './upstreams.ts'

/** What a policy may want to know of a request; asked only by those that need it. */
export type Asking = { readonly ip: string; headers(name: string): readonly string[] }

export type Chooser = {
  /** An endpoint for one request that is none of `tried`; undefined if nobody takes it now. */
  choose(
    route: TableRoute,
    asking: Asking,
    tried: ReadonlySet<Upstream> | undefined,
    nowMs: number,
  ): Upstream | undefined
  /** After `choose` found nobody: when a connect may succeed again; undefined if there is nobody at all. */
  nextTryMs(route: TableRoute, nowMs: number): number | undefined
  /** Forgets the turns of routes that are no more, or are balanced in another way. */
  forget(changes: readonly RouteChange[]): void
}

type Rotation = { readonly upstreams: readonly Upstream[]; readonly balance: Balance }

/** Ready endpoints; if there are none, draining ones; never a mix. Those that just refused a connect are let be. */
export function chooser(upstreams: Upstreams): Chooser {
  const turns = new Map<string, Balance>()
  const rotations = new WeakMap<TableRoute, Rotation>()

  function rotationOf(route: TableRoute, nowMs: number): Rotation {
    const found = rotations.get(route)
    if (found) return found
    const made = {
      upstreams: inRotation(route.targets).map((target) => upstreams.of(target, nowMs)),
      balance: turns.getOrInsertComputed(turnName(route), () => balances[route.balance]()),
    }
    rotations.set(route, made)
    return made
  }

  return {
    choose(route, _asking, tried, nowMs) {
      const { upstreams: able, balance } = rotationOf(route, nowMs)
      const isFree = (one: Upstream) => one.nextTryMs <= nowMs && tried?.has(one) !== true
      const candidates = allFree(able, tried, nowMs) ? able : able.filter(isFree)
      const chosen = candidates.length > 0 ? balance(candidates) : undefined
      // one request at a time finds out whether it is back
      if (chosen && chosen.failures > 0) chosen.postpone(nowMs)
      return chosen
    },
    nextTryMs(route, nowMs) {
      const { upstreams: able } = rotationOf(route, nowMs)
      if (able.length === 0) return undefined
      return Math.min(...able.map((upstream) => upstream.nextTryMs))
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

function allFree(
  able: readonly Upstream[],
  tried: ReadonlySet<Upstream> | undefined,
  nowMs: number,
): boolean {
  if (tried !== undefined) return false
  for (const upstream of able) if (upstream.nextTryMs > nowMs) return false
  return true
}

function turnName({ key, balance }: TableRoute): string {
  return `${balance} ${key}`
}

function inRotation(targets: readonly Target[]): readonly Target[] {
  const ready = targets.filter(({ state }) => state === 'ready')
  const able = ready.length > 0 ? ready : targets.filter(({ state }) => state === 'draining')
  const weighty = able.filter(({ weight }) => weight > 0)
  return weighty.length > 0 ? weighty : able
}
