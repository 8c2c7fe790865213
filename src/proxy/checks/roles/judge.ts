import { rememberMs } from '../../table/memory.ts'
import { type Ancestry, ancestry } from './ancestry.ts'
import { type Accepted, type Claim, decided } from './fence.ts'
import type { Group } from './groups.ts'
import type { Heard } from './heard.ts'
import { fits, type RoleState } from './states.ts'

/** What is remembered of a group while its members come and go. */
export type GroupMemory = {
  readonly ancestry: Ancestry
  /** The primary that was believed last, and from when on that is not to be remembered any more. */
  last: (Accepted & { readonly untilMs: number }) | undefined
  /** Since when nobody has the role that a route wants. */
  readonly missing: Map<'primary' | 'replica', number>
}

export function newGroupMemory(): GroupMemory {
  return { ancestry: ancestry(), last: undefined, missing: new Map() }
}

/** What was found out of a group. Plain data. */
export type Judgement = {
  readonly service: string
  readonly states: readonly (readonly [identity: string, state: RoleState])[]
  /** Those who say that they are primary and are not believed. */
  readonly fenced: readonly {
    readonly identity: string
    readonly reason: 'older' | 'equal'
    readonly words: string
  }[]
  /** The primary that is believed, or was last. */
  readonly primary: { readonly identity: string; readonly words: string } | undefined
  /** Nobody has had that role for long, though a route wants it. */
  readonly missing: readonly ('primary' | 'replica')[]
}

/** A primary that says it is none any more binds nobody, as soon as its successor has had time to be heard. */
const surrenderMs = 5000
/** A fail-over may take that long. */
const patienceMs = 10_000

/** Decides who of `group` is what. Changes `memory`. `nowMs`: since the epoch. */
export function judgement(
  group: Group,
  heardOf: (identity: string) => Heard,
  memory: GroupMemory,
  nowMs: number,
): Judgement {
  const members = [...group.members].map(([identity, { probe }]) => {
    return { identity, isAsked: probe !== null, heard: heardOf(identity) }
  })
  const claims = members.flatMap(({ identity, heard: { role, term } }): Claim[] =>
    role === 'primary' ? [{ identity, term }] : [],
  )
  remembered(memory, group, heardOf, nowMs)
  // until everybody has been asked once, a newer primary may be among those who were not
  const isEarly =
    !memory.last && members.some(({ isAsked, heard }) => isAsked && heard.last === undefined)
  const { primary, fenced } = isEarly
    ? { primary: undefined, fenced: new Map<string, 'older' | 'equal'>() }
    : decided(claims, memory.last, memory.ancestry)
  const accepted = claims.find(({ identity }) => identity === primary)
  if (accepted) {
    const { identity, sinceMs: before = nowMs } = memory.last ?? { identity: undefined }
    const sinceMs = identity === primary ? before : nowMs
    memory.last = { ...accepted, sinceMs, isListed: true, untilMs: Infinity }
  }
  const states = members.map(({ identity, heard }) => {
    const state = isEarly && heard.role === 'primary' ? 'unknown' : stateOf(identity, heard)
    return [identity, state] as const
  })

  function stateOf(identity: string, { role, isBehind, wasPrimary }: Heard): RoleState {
    if (identity === primary) return 'primary'
    if (fenced.has(identity)) return 'fenced'
    if (role === 'unknown') return wasPrimary && primary !== undefined ? 'fenced' : 'unknown'
    if (role === 'replica') return isBehind ? 'behind' : 'replica'
    return 'other'
  }

  const { last } = memory
  return {
    service: group.service,
    states,
    fenced: claims.flatMap(({ identity, term }) => {
      const reason = fenced.get(identity)
      return reason ? [{ identity, reason, words: term?.words ?? '' }] : []
    }),
    primary: last && { identity: last.identity, words: last.term?.words ?? '' },
    missing: missingIn(group, states, memory, nowMs),
  }
}

/** For how long the last primary still counts. */
function remembered(
  memory: GroupMemory,
  { members }: Group,
  heardOf: (identity: string) => Heard,
  nowMs: number,
): void {
  const { last } = memory
  if (!last) return
  const isListed = members.has(last.identity)
  const { role } = heardOf(last.identity)
  const hasSurrendered = isListed && (role === 'replica' || role === 'other')
  const rest = hasSurrendered ? surrenderMs : isListed ? Infinity : rememberMs
  const untilMs = Math.min(last.untilMs, nowMs + rest)
  memory.last =
    nowMs < untilMs ? { ...last, isListed: isListed && !hasSurrendered, untilMs } : undefined
}

function missingIn(
  { wishes }: Group,
  states: Judgement['states'],
  { missing }: GroupMemory,
  nowMs: number,
): readonly ('primary' | 'replica')[] {
  return (['primary', 'replica'] as const).filter((wish) => {
    const isThere = !wishes.has(wish) || states.some(([, state]) => fits(wish, state))
    if (isThere) missing.delete(wish)
    else if (!missing.has(wish)) missing.set(wish, nowMs)
    return !isThere && nowMs - (missing.get(wish) ?? nowMs) >= patienceMs
  })
}
