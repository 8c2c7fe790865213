import type { InstanceState } from '../../core/instance.ts'
import type { CheckState } from '../checks/states.ts'

/** What decides whether an endpoint may get requests. */
export type Standing = {
  readonly state: InstanceState
  /** It is about to end, and gets nothing any more. */
  readonly over: boolean
  /** 0: only when there are no others. */
  readonly weight: number
  /** Undefined: nobody checks it. */
  readonly check: CheckState | undefined
  /** Its last connects failed. */
  readonly refusing: boolean
  /** Some connect has succeeded once. */
  readonly reachedOnce: boolean
  /** Milliseconds; 0 when it is not ejected. */
  readonly ejectedUntilMs: number
}

/**
 * Who of a pool may get requests: ready ones; if there are none, draining ones that still answer; never a mix. Ready is
 * who Docker says is, and who is not just starting to listen, and passes our checks if there are any.
 */
export function inRotation<S extends Standing>(all: readonly S[]): readonly S[] {
  const sound = trusted(all.filter(({ state }) => state === 'ready'))
  const here = sound.filter(({ refusing, reachedOnce }) => reachedOnce || !refusing)
  if (here.length > 0) return notEjected(weighty(here))
  const draining = all.filter(({ state, over }) => state === 'draining' && !over)
  const answering = draining.filter(({ refusing }) => !refusing)
  if (answering.length > 0) return weighty(answering)
  return weighty(sound.length > 0 ? sound : draining)
}

/** Who of some endpoints may get requests, and who is tried with one at a time. */
export type Cast<S> = { readonly rotation: readonly S[]; readonly probation: readonly S[] }

export function castOf<S extends Standing>(all: readonly S[]): Cast<S> {
  const rotation = inRotation(all)
  return { rotation, probation: onProbation(all, rotation) }
}

/**
 * The same for a route's stable ones and its canaries. A canary is one of all: it is not the last one, nor its check the
 * only one that fails, while the others are well. What would send them to canaries is only that none of them is ready.
 */
export function castsOf<S extends Standing>(
  stable: readonly S[],
  canary: readonly S[],
): { readonly stable: Cast<S>; readonly canary: Cast<S> } {
  const own = castOf(stable)
  if (canary.length === 0) return { stable: own, canary: { rotation: [], probation: [] } }
  const both = castOf([...stable, ...canary])
  const canaries = new Set(canary)
  const isReady = ({ state }: S) => state === 'ready'
  const rotation = both.rotation.some(isReady) ? own.rotation.filter(isReady) : own.rotation
  return {
    stable: { ...own, rotation },
    canary: {
      rotation: both.rotation.filter((one) => canaries.has(one)),
      probation: both.probation.filter((one) => canaries.has(one)),
    },
  }
}

/**
 * Ready ones that are not in `rotation` because none of their connects has succeeded yet: one request at a time finds
 * out whether they listen by now.
 */
export function onProbation<S extends Standing>(
  all: readonly S[],
  rotation: readonly S[],
): readonly S[] {
  return trusted(all.filter(({ state }) => state === 'ready')).filter(
    (one) => one.refusing && !one.reachedOnce && !rotation.includes(one),
  )
}

/**
 * Those that pass our checks. When fewer than half of those pass that ever did, it is rather the checks that fail: then
 * all that ever did.
 */
function trusted<S extends Standing>(ready: readonly S[]): readonly S[] {
  const once = ready.filter(({ check }) => check !== 'unknown')
  const passing = once.filter(({ check }) => check !== 'failing')
  return passing.length * 2 < once.length ? once : passing
}

function weighty<S extends Standing>(able: readonly S[]): readonly S[] {
  const some = able.filter(({ weight }) => weight > 0)
  return some.length > 0 ? some : able
}

/** At most half are let be, never the last one; those whose time is over first come back first. */
function notEjected<S extends Standing>(able: readonly S[]): readonly S[] {
  const ejected = able.filter(({ ejectedUntilMs }) => ejectedUntilMs > 0)
  if (ejected.length === 0) return able
  const byEnd = ejected.toSorted((a, b) => b.ejectedUntilMs - a.ejectedUntilMs)
  const out = new Set(byEnd.slice(0, Math.floor(able.length / 2)))
  return able.filter((one) => !out.has(one))
}
