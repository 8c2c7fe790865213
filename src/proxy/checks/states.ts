/**
 * What our own checks say of an endpoint. `unknown`: it has never passed `rise` of them yet; `failing`: it had, and
 * failed `fall` since.
 */
export const checkStates = ['unknown', 'passing', 'failing'] as const
export type CheckState = (typeof checkStates)[number]

/** By identity. Whoever is to be checked and is not in it is `unknown`. Replaced whole. */
export type CheckStates = ReadonlyMap<string, CheckState>
