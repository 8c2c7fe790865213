import { live, type Live } from '../../../core/live.ts'
import type { RoleProbe } from '../../../core/policy.ts'
import { sleep } from '../../../core/retry.ts'
import type { RouteChange } from '../../changes.ts'
import { rememberMs } from '../../memory.ts'
import type { Target } from '../../route.ts'
import type { RoleAnswer, Silence } from './answer.ts'
import { type Group, groupsOf, isRoled, type RoledRoute } from './groups.ts'
import { type Heard, heard, nothingHeard } from './heard.ts'
import { type GroupMemory, type Judgement, judgement, newGroupMemory } from './judge.ts'
import type { RoleState } from './states.ts'

/** Who has which role, and whose probes learn nothing. Plain data, replaced whole. */
export type RolesFound = {
  readonly groups: readonly Judgement[]
  /** Endpoints that have not answered for as long as makes their role unknown. */
  readonly silent: readonly ({ readonly identity: string } & Omit<Silence, 'role'>)[]
}

export type RoleReport = { readonly state: RoleState; readonly why: string }

/** The roles of all endpoints that routes with a role have: asked once, however many routes and workers there are. */
export type Roles = {
  readonly found: Live<RolesFound>
  stateOf(identity: string): RoleState
  /** Undefined for endpoints that nobody asks. */
  report(identity: string): RoleReport | undefined
  /** A new table is in force. */
  settle(changes: readonly RouteChange[]): void
  stop(): void
}

export type RolesOptions = {
  readonly probe: (
    target: Target,
    probe: RoleProbe,
    signal: AbortSignal,
  ) => Promise<RoleAnswer | Silence>
  /** A probe has been made. */
  readonly made: (service: string, passed: boolean) => void
  /** Since the epoch; Date.now unless given. */
  readonly clock?: () => number
}

type Member = {
  group: Group
  heard: Heard
  state: RoleState
  /** What is asked, and where; and the end of that. */
  readonly what: string
  readonly end: AbortController
}

type Known = { readonly memory: GroupMemory; judged: Judgement; goneMs: number | undefined }

export function createRoles({ probe, made, clock = Date.now }: RolesOptions): Roles {
  const routes = new Map<string, RoledRoute>()
  const members = new Map<string, Member>()
  const groups = new Map<string, Known>()
  const found = live<RolesFound>({ groups: [], silent: [] })
  let text = ''

  async function ask(target: Target, how: RoleProbe, one: Member): Promise<void> {
    const { signal } = one.end
    while (!signal.aborted) {
      const answer = await probe(target, how, signal)
      if (signal.aborted) return
      made(one.group.service, answer.role !== undefined)
      one.heard = heard(one.heard, answer, how)
      if (answer.role && answer.descent) memoryOf(one.group).ancestry.note(answer.descent)
      judge(one.group)
      publish()
      await sleep(how.intervalMs, signal)
    }
  }

  function knownOf(id: string): Known {
    return groups.getOrInsertComputed(id, () => ({
      memory: newGroupMemory(),
      judged: { service: '', states: [], fenced: [], primary: undefined, missing: [] },
      goneMs: undefined,
    }))
  }

  const memoryOf = ({ id }: Group) => knownOf(id).memory

  function judge(group: Group): void {
    const known = knownOf(group.id)
    const heardOf = (identity: string) => members.get(identity)?.heard ?? nothingHeard
    known.judged = judgement(group, heardOf, known.memory, clock())
    known.goneMs = undefined
    for (const [identity, state] of known.judged.states) {
      const member = members.get(identity)
      if (member) member.state = state
    }
  }

  /** Only what is new: most answers say what the last one did. */
  function publish(): void {
    const now: RolesFound = {
      groups: [...groups.values()].flatMap(({ judged, goneMs }) =>
        goneMs === undefined ? [judged] : [],
      ),
      silent: [...members].flatMap(
        ([
          identity,
          {
            heard: { role, last },
          },
        ]) =>
          role === 'unknown' && last && last.role === undefined
            ? [
                {
                  identity,
                  why: last.why,
                  ...(last.remedy !== undefined && { remedy: last.remedy }),
                },
              ]
            : [],
      ),
    }
    const next = JSON.stringify(now)
    if (next === text) return
    text = next
    found.set(now)
  }

  function place(identity: string, target: Target, group: Group): void {
    const { ip, port, probe: how } = target
    if (!how) return
    const what = JSON.stringify([ip, port, how])
    const before = members.get(identity)
    if (before?.what === what) {
      before.group = group
      return
    }
    before?.end.abort()
    const end = new AbortController()
    const one: Member = { group, heard: nothingHeard, state: 'unknown', what, end }
    members.set(identity, one)
    void ask(target, how, one)
  }

  function regroup(): void {
    const now = groupsOf(routes.values())
    const listed = new Set(now.flatMap((group) => [...group.members.keys()]))
    for (const [identity, { end }] of members) {
      if (listed.has(identity)) continue
      end.abort()
      members.delete(identity)
    }
    for (const group of now) {
      for (const [identity, target] of group.members) place(identity, target, group)
    }
    forget(new Set(now.map(({ id }) => id)))
    for (const group of now) judge(group)
    publish()
  }

  /** What is known of a group outlives its last container for a while, as its route does. */
  function forget(there: ReadonlySet<string>): void {
    const nowMs = clock()
    for (const [id, known] of groups) {
      if (there.has(id)) continue
      known.goneMs ??= nowMs
      if (nowMs - known.goneMs >= rememberMs) groups.delete(id)
    }
  }

  return {
    found,
    stateOf: (identity) => members.get(identity)?.state ?? 'unknown',
    report(identity) {
      const one = members.get(identity)
      return one && { state: one.state, why: whyOf(one) }
    },
    settle(changes) {
      const touched = changes.filter(({ before, after }) => isRoled(before) || isRoled(after))
      if (touched.length === 0) return
      for (const { before } of touched) if (before) routes.delete(before.key)
      for (const { after } of touched) if (isRoled(after)) routes.set(after.key, after)
      regroup()
    },
    stop() {
      for (const { end } of members.values()) end.abort()
      members.clear()
    },
  }
}

function whyOf({ state, heard: { last, role, next } }: Member): string {
  const said = last?.why ?? 'it has not been asked yet'
  if (state === 'fenced') return `not believed: ${said}`
  if (state === 'unknown' && role === 'primary') return `${said}; others have not been asked yet`
  return next ? `${said}, ${next.times} times in a row by now` : said
}
