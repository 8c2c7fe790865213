import type { RoleProbe } from '../../../core/policy.ts'
import type { RoleAnswer, Silence, Term } from './answer.ts'

/** What the probes of one endpoint have shown so far. */
export type Heard = {
  readonly role: 'unknown' | 'primary' | 'replica' | 'other'
  readonly isBehind: boolean
  /** Of its last word as a primary. */
  readonly term: Term | undefined
  /** It was primary when it was last heard. */
  readonly wasPrimary: boolean
  /** It has been seen with data of a primary, or as one. */
  readonly hasData: boolean
  /** Another role than `role` that it says now, and how many times in a row. */
  readonly next: { readonly role: RoleAnswer['role']; readonly times: number } | undefined
  /** In a row without an answer. */
  readonly silences: number
  /** The last one; undefined before the first. */
  readonly last: RoleAnswer | Silence | undefined
}

export const nothingHeard: Heard = {
  role: 'unknown',
  isBehind: false,
  term: undefined,
  wasPrimary: false,
  hasData: false,
  next: undefined,
  silences: 0,
  last: undefined,
}

type Patience = Pick<RoleProbe, 'rise' | 'fall'>

/**
 * After one more probe. A role is believed when it was said `rise` times in a row; that it is lost, at once; and it is
 * forgotten after `fall` times without an answer. Pure.
 */
export function heard(before: Heard, found: RoleAnswer | Silence, { rise, fall }: Patience): Heard {
  if (found.role === undefined) {
    const silences = before.silences + 1
    const role = silences >= fall ? 'unknown' : before.role
    return { ...before, role, next: undefined, silences, last: found }
  }
  const isBehind = found.isBehind === true
  const hasData = before.hasData || (found.role !== 'other' && found.mayBeEmpty !== true)
  // a replica that is still to get its first data would answer as if there were none
  const said = found.role === 'replica' && !hasData ? 'other' : found.role
  const now = {
    isBehind,
    hasData,
    term: said === 'primary' ? found.term : before.term,
    wasPrimary: said === 'primary',
    silences: 0,
    last: found,
  }
  if (said === before.role) return { ...now, role: said, next: undefined }
  const times = before.next?.role === said ? before.next.times + 1 : 1
  if (said === 'other' || times >= rise) return { ...now, role: said, next: undefined }
  const role = before.role === 'primary' ? 'other' : before.role
  return { ...now, role, next: { role: said, times } }
}
