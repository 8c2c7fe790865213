import type { Registry } from 'prom-client'

import type { Live } from '../../core/live.ts'
import type { Problem } from '../../core/problems.ts'
import type { Numbers } from '../control/numbers.ts'
import type { RouteChange } from '../table/changes.ts'
import { type CheckReport, type Checks, createChecks } from './checks.ts'
import { checkCounter, followChecks } from './follow.ts'
import { followRoles, roleGauge } from './roles/follow.ts'
import type { Secrets } from './roles/login.ts'
import { probeRole } from './roles/probe.ts'
import { type RoleReport, Roles } from './roles/roles.ts'
import type { RoleState } from './roles/states.ts'
import type { CheckStates } from './states.ts'

export type ProbingOptions = {
  readonly registry: Registry
  readonly numbers: Numbers
  /** Passwords for probes of roles. */
  readonly secrets: Secrets
  /** By identity. */
  readonly named: Live<ReadonlyMap<string, { readonly name: string }>>
  /** Workers are to look at the marks of endpoints again. */
  readonly changed: () => void
  readonly report: (part: 'checks' | 'roles') => (problems: readonly Problem[]) => void
}

/** What checks and probes say. */
export type Probed = {
  readonly checks: CheckStates
  readonly roleOf: (identity: string) => RoleState
}

/** What this node finds out about endpoints by asking them, once for all workers: active checks, and roles. */
export class Probing {
  private readonly checks: Checks
  private readonly roles: Roles
  private readonly options: ProbingOptions

  constructor(options: ProbingOptions) {
    const { registry, numbers, secrets } = options
    const made = checkCounter(registry, numbers)
    this.options = options
    this.checks = createChecks({ made })
    this.roles = new Roles({
      made,
      probe: (target, probe, signal) => probeRole(target, probe, secrets, signal),
    })
    roleGauge(registry, this.roles)
  }

  /** What explains how requests go now. */
  get found(): Probed {
    return {
      checks: this.checks.states.current,
      roleOf: (identity) => this.roles.stateOf(identity),
    }
  }

  /** Undefined each, where nobody wants to know. */
  report(identity: string): {
    readonly check: CheckReport | undefined
    readonly role: RoleReport | undefined
  } {
    return { check: this.checks.report(identity), role: this.roles.report(identity) }
  }

  /** A new table is in force. */
  settle(changes: readonly RouteChange[]): void {
    this.checks.settle(changes)
    this.roles.settle(changes)
  }

  /** Lets workers and people know what is found, until `signal` aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    const { numbers, changed, named, report } = this.options
    const nameOf = (identity: string) => named.current.get(identity)?.name ?? identity
    const follow = { numbers, changed, nameOf }
    await Promise.all([
      followChecks(this.checks, { ...follow, report: report('checks') }, signal),
      followRoles(this.roles, { ...follow, report: report('roles') }, signal),
    ])
    this.checks.stop()
    this.roles.stop()
  }
}
