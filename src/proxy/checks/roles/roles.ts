import { live } from '../../../core/live.ts'
import type { RoleProbe } from '../../../core/policy.ts'
import { sleep } from '../../../core/retry.ts'
import type { RouteChange } from '../../table/changes.ts'
import { rememberMs } from '../../table/memory.ts'
import type { Target } from '../../table/route.ts'
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

/** The roles of all endpoints that routes with a role have: asked once, however many routes and workers there are. */
export class Roles {
  readonly found = live<RolesFound>({ groups: [], silent: [] })
  private readonly options: RolesOptions
  private readonly clock: () => number
  private readonly routes = new Map<string, RoledRoute>()
  private readonly members = new Map<string, Member>()
  private readonly groups = new Map<string, Known>()
  /** What `found` has. */
  private text = ''

  constructor(options: RolesOptions) {
    this.options = options
    this.clock = options.clock ?? Date.now
  }

  stateOf(identity: string): RoleState {
    return this.members.get(identity)?.state ?? 'unknown'
  }

  /** Undefined for endpoints that nobody asks. */
  report(identity: string): RoleReport | undefined {
    const one = this.members.get(identity)
    return one && { state: one.state, why: whyOf(one) }
  }

  /** A new table is in force. */
  settle(changes: readonly RouteChange[]): void {
    const touched = changes.filter(({ before, after }) => isRoled(before) || isRoled(after))
    if (touched.length === 0) return
    for (const { before } of touched) if (before) this.routes.delete(before.key)
    for (const { after } of touched) if (isRoled(after)) this.routes.set(after.key, after)
    this.regroup()
  }

  stop(): void {
    for (const { end } of this.members.values()) end.abort()
    this.members.clear()
  }

  private async ask(target: Target, how: RoleProbe, one: Member): Promise<void> {
    const { probe, made } = this.options
    const { signal } = one.end
    while (!signal.aborted) {
      const answer = await probe(target, how, signal)
      if (signal.aborted) return
      made(one.group.service, answer.role !== undefined)
      one.heard = heard(one.heard, answer, how)
      if (answer.role && answer.descent) {
        this.knownOf(one.group).memory.ancestry.note(answer.descent)
      }
      this.judge(one.group)
      this.publish()
      await sleep(how.intervalMs, signal)
    }
  }

  private knownOf({ id }: Group): Known {
    return this.groups.getOrInsertComputed(id, () => ({
      memory: newGroupMemory(),
      judged: { service: '', states: [], fenced: [], primary: undefined, missing: [] },
      goneMs: undefined,
    }))
  }

  private judge(group: Group): void {
    const { members } = this
    const known = this.knownOf(group)
    const heardOf = (identity: string) => members.get(identity)?.heard ?? nothingHeard
    known.judged = judgement(group, heardOf, known.memory, this.clock())
    known.goneMs = undefined
    for (const [identity, state] of known.judged.states) {
      const member = members.get(identity)
      if (member) member.state = state
    }
  }

  /** Only what is new: most answers say what the last one did. */
  private publish(): void {
    const known = [...this.groups.values()].filter(({ goneMs }) => goneMs === undefined)
    const now: RolesFound = {
      groups: known.map(({ judged }) => judged),
      silent: [...this.members].flatMap(([identity, { heard: of }]) => silenceOf(identity, of)),
    }
    const next = JSON.stringify(now)
    if (next === this.text) return
    this.text = next
    this.found.set(now)
  }

  private place(identity: string, target: Target, group: Group): void {
    const { members } = this
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
    void this.ask(target, how, one)
  }

  private regroup(): void {
    const { members } = this
    const now = groupsOf(this.routes.values())
    const listed = new Set(now.flatMap((group) => [...group.members.keys()]))
    for (const [identity, { end }] of members) {
      if (listed.has(identity)) continue
      end.abort()
      members.delete(identity)
    }
    for (const group of now) {
      for (const [identity, target] of group.members) this.place(identity, target, group)
    }
    this.forget(new Set(now.map(({ id }) => id)))
    for (const group of now) this.judge(group)
    this.publish()
  }

  /** What is known of a group outlives its last container for a while, as its route does. */
  private forget(there: ReadonlySet<string>): void {
    const nowMs = this.clock()
    for (const [id, known] of this.groups) {
      if (there.has(id)) continue
      known.goneMs ??= nowMs
      if (nowMs - known.goneMs >= rememberMs) this.groups.delete(id)
    }
  }
}

function silenceOf(identity: string, { role, last }: Heard): RolesFound['silent'] {
  if (role !== 'unknown' || !last || last.role !== undefined) return []
  const { why, remedy } = last
  return [{ identity, why, ...(remedy !== undefined && { remedy }) }]
}

function whyOf({ state, heard: { last, role, next } }: Member): string {
  const said = last?.why ?? 'it has not been asked yet'
  if (state === 'fenced') return `not believed: ${said}`
  if (state === 'unknown' && role === 'primary') return `${said}; others have not been asked yet`
  return next ? `${said}, ${next.times} times in a row by now` : said
}
