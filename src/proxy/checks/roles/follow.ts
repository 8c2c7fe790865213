import { Gauge, type Registry } from 'prom-client'

import type { Numbers } from '../../control/numbers.ts'
import type { FollowOptions } from '../follow.ts'
import { roleProblems } from './problems.ts'
import type { Roles } from './roles.ts'
import { type RoleState, roleStates } from './states.ts'

export type FollowRolesOptions = Omit<FollowOptions, 'numbers'> & {
  readonly numbers: Pick<Numbers, 'markRole'>
}

/** Lets workers and people know who has which role, until `signal` aborts. */
export async function followRoles(
  { found }: Pick<Roles, 'found'>,
  { numbers, changed, report, nameOf }: FollowRolesOptions,
  signal: AbortSignal,
): Promise<void> {
  let before = new Map<string, RoleState>()
  for await (const now of found.changes(signal)) {
    const states = new Map(now.groups.flatMap((group) => group.states))
    // who has lost a role before who has got it: nobody is to see two
    const sorted = [...states].toSorted(
      ([, a], [, b]) => Number(a === 'primary') - Number(b === 'primary'),
    )
    for (const identity of before.keys()) {
      if (!states.has(identity)) numbers.markRole(identity, 'unknown')
    }
    for (const [identity, state] of sorted) numbers.markRole(identity, state)
    if (before.size > 0 || states.size > 0) changed()
    report(roleProblems(now, nameOf))
    before = states
  }
}

/** Shows in `registry` how many endpoints of each service have which role. */
export function roleGauge(registry: Registry, { found }: Pick<Roles, 'found'>): void {
  const gauge = new Gauge({
    name: 'portolan_endpoint_roles',
    help: 'Endpoints of routes with a role, by the role that their probe found',
    labelNames: ['service', 'role'],
    registers: [],
    collect() {
      this.reset()
      for (const { service, states } of found.current.groups) {
        for (const role of roleStates) {
          const count = states.filter(([, state]) => state === role).length
          this.inc({ service, role }, count)
        }
      }
    },
  })
  registry.registerMetric(gauge)
}
