import type { RoleWish } from '../../../core/policy.ts'

/**
 * What is known of an endpoint's role. `unknown`: it has not been read, or not lately. `behind`: a replica that hears
 * nothing of a primary now. `fenced`: it says that it is primary, or has said so last, and is not believed. `other`: it
 * is neither. Workers see its place here.
 */
export const roleStates = ['unknown', 'primary', 'replica', 'behind', 'fenced', 'other'] as const
export type RoleState = (typeof roleStates)[number]

/** Whom each wish is for, the best first: the next ones only when there is none of those before. */
const ranks: Readonly<Record<RoleWish, readonly (readonly RoleState[])[]>> = {
  primary: [['primary']],
  replica: [['replica'], ['behind']],
  'prefer-replica': [['replica'], ['behind'], ['primary']],
  any: [['primary', 'replica'], ['behind']],
}

/** Those of `all` that connections of a route with that wish may go to. */
export function served<T>(
  wish: RoleWish,
  all: readonly T[],
  stateOf: (one: T) => RoleState,
): readonly T[] {
  for (const states of ranks[wish]) {
    const fitting = all.filter((one) => states.includes(stateOf(one)))
    if (fitting.length > 0) return fitting
  }
  return []
}

/** Whether an endpoint of that state may have connections at all. */
export function fits(wish: RoleWish, state: RoleState): boolean {
  return ranks[wish].some((states) => states.includes(state))
}

/** Whether connections that an endpoint has are to be ended. That nobody knows its role now is no reason. */
export function isOver(wish: RoleWish, state: RoleState): boolean {
  return state !== 'unknown' && !fits(wish, state)
}
