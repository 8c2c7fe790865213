import { live, type Live } from '../../core/live.ts'
import type { HealthCheck } from '../../core/policy.ts'
import { sleep } from '../../core/retry.ts'
import type { RouteChange } from '../table/changes.ts'
import type { Target } from '../table/route.ts'
import type { Found } from './found.ts'
import { probe } from './probe.ts'
import type { CheckState, CheckStates } from './states.ts'
import { judged, noVerdict, type Verdict } from './verdict.ts'

/** What checks say of one endpoint. */
export type CheckReport = {
  readonly identity: string
  readonly state: CheckState
  /** The last result; undefined before the first. */
  readonly last: Found | undefined
  /** It fails, or has failed `fall` times before it ever passed. */
  readonly isBad: boolean
}

/** The active checks of one process: however many workers look at their states, each endpoint is asked once. */
export type Checks = {
  readonly states: Live<CheckStates>
  /** Undefined for endpoints that nobody checks. */
  report(identity: string): CheckReport | undefined
  readonly reports: () => readonly CheckReport[]
  /** A new table is in force. Endpoints that it leaves as they were go on being asked as before. */
  settle(changes: readonly RouteChange[]): void
  stop(): void
}

export type ChecksOptions = {
  /** A check has been made. */
  readonly made: (service: string, passed: boolean) => void
  /** As Math.random: no two endpoints stay in step. */
  readonly random?: () => number
}

type Checked = {
  readonly service: string
  target: Target
  /** How many routes have it. */
  listed: number
  verdict: Verdict
  /** Since the last one that passed. */
  failures: number
  isBad: boolean
  last: Found | undefined
  /** What is asked, and where; and the end of that. Undefined: nothing now. */
  asking: { readonly what: string; readonly end: AbortController } | undefined
}

/** An endpoint that has never passed is asked at least this often, so that it need not wait long for its requests. */
const firstIntervalMs = 500

export function createChecks({ made, random = Math.random }: ChecksOptions): Checks {
  const known = new Map<string, Checked>()
  const states = live<CheckStates>(new Map())
  let publishing: NodeJS.Immediate | undefined

  /** Once for all that has changed in this turn of the event loop. */
  function publish(): void {
    publishing ??= setImmediate(() => {
      publishing = undefined
      states.set(new Map([...known].map(([identity, { verdict }]) => [identity, verdict.state])))
    })
  }

  async function ask(one: Checked, health: HealthCheck, signal: AbortSignal): Promise<void> {
    const place = one.target
    while (!signal.aborted) {
      const found = await probe(place, health, signal)
      if (signal.aborted) return
      made(one.service, found.passed)
      note(one, found, health)
      await sleep(intervalMs(one, health) * (0.9 + random() / 5), signal)
    }
  }

  function note(one: Checked, found: Found, health: HealthCheck): void {
    const { verdict, isBad } = one
    one.verdict = judged(verdict, found.passed, health)
    one.failures = found.passed ? 0 : one.failures + 1
    one.last = found
    one.isBad = one.verdict.state !== 'passing' && (one.isBad || one.failures >= health.fall)
    if (one.verdict.state !== verdict.state || one.isBad !== isBad) publish()
  }

  /** Begins, goes on with or ends the checks of one endpoint that some change touched. */
  function look(identity: string): void {
    const one = known.get(identity)
    if (!one) return
    const { target, listed, asking } = one
    const { ip, port, protocol, health, state, proxyProtocol } = target
    const what = JSON.stringify([ip, port, protocol, health, proxyProtocol])
    if (health && listed > 0 && state === 'ready') {
      if (asking?.what === what) return
      asking?.end.abort()
      const end = new AbortController()
      one.asking = { what, end }
      void ask(one, health, end.signal)
      return
    }
    asking?.end.abort()
    one.asking = undefined
    if (health && listed > 0) return
    known.delete(identity)
    publish()
  }

  function list(service: string, target: Target): void {
    const found = known.get(target.identity)
    if (found) {
      found.listed++
      found.target = target
    } else if (target.health) {
      known.set(target.identity, { service, target, listed: 1, ...unasked })
    }
  }

  return {
    states,
    report(identity) {
      const one = known.get(identity)
      return one && reportOf(identity, one)
    },
    reports: () => [...known].map(([identity, one]) => reportOf(identity, one)),
    settle(changes) {
      const touched = new Set<string>()
      for (const { before, after } of changes) {
        for (const { identity } of before?.targets ?? []) {
          const found = known.get(identity)
          if (found) found.listed--
          touched.add(identity)
        }
        for (const target of after?.targets ?? []) {
          list(after?.service ?? '', target)
          touched.add(target.identity)
        }
      }
      for (const identity of touched) look(identity)
    },
    stop() {
      clearImmediate(publishing)
      for (const { asking } of known.values()) asking?.end.abort()
      known.clear()
    },
  }
}

const unasked = {
  verdict: noVerdict,
  failures: 0,
  isBad: false,
  last: undefined,
  asking: undefined,
}

function intervalMs({ verdict }: Checked, { intervalMs: wanted }: HealthCheck): number {
  return verdict.state === 'unknown' ? Math.min(wanted, firstIntervalMs) : wanted
}

function reportOf(identity: string, { verdict, last, isBad }: Checked): CheckReport {
  return { identity, state: verdict.state, last, isBad }
}
