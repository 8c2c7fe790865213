import type { Problem } from '../../core/problems.ts'
import type { CheckReport } from './checks.ts'

/** What to tell of endpoints whose checks fail. `nameOf`: an identity's container. */
export function checkProblems(
  reports: readonly CheckReport[],
  nameOf: (identity: string) => string,
): Problem[] {
  return reports
    .filter(({ isBad }) => isBad)
    .map(({ identity, state, last }) => ({
      severity: 'warning',
      where: `container ${nameOf(identity)}`,
      what: `its active check fails: ${last?.why ?? 'no result'}`,
      why:
        state === 'unknown'
          ? 'it has never passed, so it gets no requests'
          : 'it gets no requests while at least half of the others pass theirs',
      remedy: 'look into its log; or correct path, port or expected status of the check',
    }))
}
