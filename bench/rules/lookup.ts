import { plainRequest } from '../../src/core/rule/request.ts'
import { match } from '../../src/proxy/table/match.ts'
import { routeTable } from '../../src/proxy/table/table.ts'
import { catalogFor, vantage } from './world.ts'

export type Lookup = {
  readonly name: string
  readonly hosts: number
  readonly nsPerLookup: number
}

type Case = {
  readonly name: string
  readonly hosts: number
  readonly rule: (at: number) => string
  readonly host: (at: number) => string
  /** Whether each of these hosts has a route. */
  readonly found: boolean
}

const exact = (at: number) => `Host(\`h${at}.example.com\`)`
const wildcard = (at: number) => `Host(\`**.h${at}.example.com\`)`
const regex = (at: number) => `HostRegexp(\`^[a-z]+\\.h${at}\\.example\\.com$\`)`
const loose = (at: number) => `HostRegexp(\`^[a-z]+-h${at}.example.com\`)`
const name = (at: number) => `h${at}.example.com`
const below = (at: number) => `www.h${at}.example.com`

const cases: readonly Case[] = [
  ...[100, 10_000].flatMap((hosts): Case[] => [
    { name: 'exact', hosts, rule: exact, host: name, found: true },
    { name: 'wildcard', hosts, rule: wildcard, host: below, found: true },
    { name: 'unknown host', hosts, rule: exact, host: (at) => `x${at}.test`, found: false },
  ]),
  { name: 'regex with a literal end', hosts: 1000, rule: regex, host: below, found: true },
  {
    name: 'regex without one',
    hosts: 1000,
    rule: loose,
    host: (at) => `www-${name(at)}`,
    found: true,
  },
  {
    name: 'unknown host, regex without a literal end',
    hosts: 1000,
    rule: loose,
    host: (at) => `x${at}.test`,
    found: false,
  },
]

/** Nanoseconds of CPU for finding the route of a request, by the kind and number of hosts. */
export function measureLookups(): Lookup[] {
  return cases.map((one) => ({ name: one.name, hosts: one.hosts, nsPerLookup: measured(one) }))
}

function measured({ hosts, rule, host, found }: Case): number {
  const rules = Array.from({ length: hosts }, (_, at) => rule(at))
  const { index } = routeTable(catalogFor(rules, 1), vantage).table
  const requests = rules.map((_, at) => plainRequest(host(at), '/index.html'))
  const round = () => {
    let hits = 0
    for (const request of requests) if (match(index, 'http', request)) hits++
    if (hits !== (found ? requests.length : 0)) throw new Error(`${hits} of ${hosts} were found`)
  }
  const until = performance.now() + 300
  while (performance.now() < until) round()
  let rounds = 0
  const began = performance.now()
  const before = process.cpuUsage()
  do {
    round()
    rounds++
  } while (performance.now() - began < 500)
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / (rounds * hosts)
}
