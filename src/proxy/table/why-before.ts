import type { TableRoute } from './route.ts'

/** Why `first` comes before `second` for requests of `host`, in words: the first rule of order that tells them apart. */
export function whyBefore(first: TableRoute, second: TableRoute, host: string): string {
  const [a, b] = [first.order, second.order]
  if (numberDecides(first, second)) {
    return `${priorityOf(first)} comes before ${priorityOf(second)}`
  }
  const exactness = hostRank(first, host) - hostRank(second, host)
  if (exactness > 0) return `the other names the host more exactly: ${hostWords(first, host)}`
  if (a.pathLength !== b.pathLength) {
    return `the other names a longer path (${a.pathLength} characters, not ${b.pathLength})`
  }
  if (a.conditions !== b.conditions) {
    return `the other has more conditions (${a.conditions}, not ${b.conditions})`
  }
  if (a.createdAt !== b.createdAt) return 'the other is older'
  return `equal in all else, ${first.name} comes before ${second.name} by name`
}

/** A number that is the rule's length says no more than none: see `outranks`. */
function numberDecides({ order: a }: TableRoute, { order: b }: TableRoute): boolean {
  if (a.priority === null && b.priority === null) return false
  if (a.priority !== null && b.priority !== null) return a.priority !== b.priority
  const numbered = a.priority === null ? b : a
  if (numbered.priority === numbered.ruleLength) return false
  return (a.priority ?? a.ruleLength) !== (b.priority ?? b.ruleLength)
}

function priorityOf({ order, name }: TableRoute): string {
  if (order.priority !== null) return `priority ${order.priority} (${name})`
  return `no priority (${name}), which counts as the length of its rule, ${order.ruleLength}`
}

/** How exactly the rule names the host: by name, a wildcard of so many characters, an expression, or not at all. */
function hostRank({ hosts }: TableRoute, host: string): number {
  if (hosts.exact.includes(host)) return Infinity
  const tails = hosts.suffixes.filter((suffix) => host.endsWith(`.${suffix}`))
  return Math.max(hosts.regexes.length > 0 ? 0.5 : 0, ...tails.map(({ length }) => length))
}

function hostWords(route: TableRoute, host: string): string {
  const rank = hostRank(route, host)
  if (rank === Infinity) return 'by its name'
  return rank >= 1 ? 'by a longer wildcard' : 'by an expression'
}
