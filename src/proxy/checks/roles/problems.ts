import type { Problem } from '../../../core/problems.ts'
import type { Judgement } from './judge.ts'
import type { RolesFound } from './roles.ts'

/** What to tell of roles. `nameOf`: an identity's container. */
export function roleProblems(
  { groups, silent }: RolesFound,
  nameOf: (identity: string) => string,
): Problem[] {
  return [
    ...groups.flatMap((group) => [
      ...equalIn(group, nameOf),
      ...olderIn(group, nameOf),
      ...missingIn(group),
    ]),
    ...silent.map(({ identity, why, remedy }): Problem => {
      return {
        severity: 'warning',
        where: `container ${nameOf(identity)}`,
        what: `its role is not known: ${why}`,
        why: 'routes that ask for a role lead nobody to it',
        remedy: remedy ?? 'look into its log; or correct kind, port or timeout of the probe',
      }
    }),
  ]
}

function equalIn({ service, fenced }: Judgement, nameOf: (identity: string) => string): Problem[] {
  const equal = fenced.filter(({ reason }) => reason === 'equal')
  if (equal.length === 0) return []
  const names = equal.map(({ identity, words }) => named(nameOf(identity), words))
  return [
    {
      severity: 'error',
      where: `service ${service}`,
      what: `${equal.length} instances say that they are primary: ${names.join(', ')}`,
      why: 'nothing tells which one is newer, and what is written to one of them would be lost: none gets connections',
      remedy:
        'make all but one of them replicas; or, if they belong to different databases, give them services of their own',
    },
  ]
}

function olderIn(
  { service, fenced, primary }: Judgement,
  nameOf: (identity: string) => string,
): Problem[] {
  const newer = primary ? named(nameOf(primary.identity), primary.words) : 'another one'
  return fenced
    .filter(({ reason }) => reason === 'older')
    .map(({ identity, words }) => ({
      severity: 'warning',
      where: `container ${nameOf(identity)}`,
      what: `it says that it is the primary of ${service}, but is an old one${words ? ` (${words})` : ''}`,
      why: `${newer} has taken its place: it gets no connections`,
      remedy:
        'make it a replica of the new primary; if it is to be primary again, promote it anew or stop the other one',
    }))
}

function missingIn({ service, missing }: Judgement): Problem[] {
  return missing.map((role) => ({
    severity: role === 'primary' ? 'error' : 'warning',
    where: `service ${service}`,
    what: `no instance is a ${role} now`,
    why: `connections that want one wait up to --hold, and are closed then`,
    remedy:
      role === 'primary'
        ? 'promote a replica, or look why nobody does'
        : 'start a replica; or ask for prefer-replica, which the primary may serve as well',
  }))
}

function named(name: string, words: string): string {
  return words === '' ? name : `${name} (${words})`
}
