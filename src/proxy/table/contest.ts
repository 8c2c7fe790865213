import { byAge } from '../../core/catalog.ts'
import type { Problem } from '../../core/problems.ts'
import { bySeniority, type Claim } from './claims.ts'

/** Who has a rule, and what those are told who don't. */
export type Settled = { readonly claim: Claim; readonly problems: readonly Problem[] }

/**
 * Of several claims on one rule the oldest has it. If that one shares, all that share are one pool, and the newest's
 * policy holds. Undefined for no claims.
 */
export function settled(claims: readonly Claim[]): Settled | undefined {
  const [first, ...others] = claims.toSorted(bySeniority)
  if (!first) return undefined
  const sharing = first.route.shared ? others.filter(({ route }) => route.shared) : []
  const refused = others.filter((one) => !sharing.includes(one))
  return {
    claim: sharing.length > 0 ? pooled(first, sharing) : first,
    problems: refused.map((one) => taken(one, first)),
  }
}

function pooled(first: Claim, others: readonly Claim[]): Claim {
  const all = [first, ...others]
  const instances = all.flatMap((one) => one.instances).toSorted(byAge)
  const newest = instances.at(-1)
  const { route, policy, where } =
    all.find((one) => newest && one.instances.includes(newest)) ?? first
  return {
    ...first,
    route: { ...route, name: first.route.name },
    policy,
    where,
    instances,
    endpoints: all.flatMap((one) => one.endpoints),
  }
}

function taken(claim: Claim, owner: Claim): Problem {
  return {
    severity: 'error',
    where: claim.where,
    what: `rule ${claim.route.rule} of service ${claim.service} is not used`,
    why: `service ${owner.service} (${owner.where}) has the same rule and is older`,
    remedy:
      claim.route.kind === 'tcp'
        ? 'give one of them another entrypoint or name, or both the same portolan.service'
        : 'give one of them another host or path, or both the same portolan.service',
  }
}
