import { Counter, type Registry } from 'prom-client'

import type { Problem } from '../../core/problems.ts'
import type { Numbers } from '../control/numbers.ts'
import { otherService } from '../counters.ts'
import type { Checks } from './checks.ts'
import { checkProblems } from './problems.ts'
import type { CheckStates } from './states.ts'

export type FollowOptions = {
  readonly numbers: Pick<Numbers, 'mark'>
  /** Marks have changed. */
  readonly changed: () => void
  readonly report: (problems: readonly Problem[]) => void
  /** An identity's container. */
  readonly nameOf: (identity: string) => string
}

/** Lets workers and people know what checks found, until `signal` aborts. */
export async function followChecks(
  { states, reports }: Checks,
  { numbers, changed, report, nameOf }: FollowOptions,
  signal: AbortSignal,
): Promise<void> {
  let before: CheckStates = new Map()
  for await (const now of states.changes(signal)) {
    for (const [identity, state] of now) numbers.mark(identity, state)
    for (const identity of before.keys()) if (!now.has(identity)) numbers.mark(identity, 'unknown')
    if (before.size > 0 || now.size > 0) {
      changed()
      report(checkProblems(reports(), nameOf))
    }
    before = now
  }
}

/** Counts checks in `registry`, under the names that requests are counted under, and for as long. */
export function checkCounter(
  registry: Registry,
  { services }: Pick<Numbers, 'services'>,
): (service: string, passed: boolean) => void {
  const seen = new Set<string>()
  const total = new Counter({
    name: 'portolan_endpoint_checks_total',
    help: 'Active checks of endpoints',
    labelNames: ['service', 'result'],
    registers: [registry],
    collect() {
      const named = new Set(Array.from(services.named(), ([name]) => name))
      for (const service of seen.difference(named)) {
        for (const result of ['pass', 'fail']) this.remove({ service, result })
        seen.delete(service)
      }
    },
  })
  return (name, passed) => {
    const service = services.of(name) === otherService ? 'other' : name
    seen.add(service)
    total.inc({ service, result: passed ? 'pass' : 'fail' })
  }
}
