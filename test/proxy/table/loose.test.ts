import { expect, test } from 'vitest'

import { plainRequest } from '../../../src/core/rule/request.ts'
import { candidates } from '../../../src/proxy/table/loose.ts'
import { match } from '../../../src/proxy/table/match.ts'
import { routeTable } from '../../../src/proxy/table/table.ts'
import { catalogOf, instance, vantage } from '../bed.ts'

/** Expressions of each kind, many of which share texts; some know none. */
const patterns = Array.from({ length: 60 }, (_, at) =>
  at % 20 === 0
    ? `^[a-z]{${1 + at / 20}}$`
    : at % 3 === 0
      ? `^[a-z]+-h${at}.example`
      : `h${at}[.-](example|test)`,
)
const rules = patterns.map((one) => `HostRegexp(\`${one}\`)`)
const several = 'HostRegexp(`^q1.`) || HostRegexp(`zz.yy`, `^[0-9]+$`)'
const routes = [...rules, several].map((rule, at) => ({
  name: `r${String(at).padStart(2, '0')}`,
  rule,
  priority: at % 7 === 0 ? at : null,
}))
const { table } = routeTable(catalogOf([instance({ routes })]), vantage)

const odd = [
  'a',
  'ab',
  'abc',
  'q1.example',
  'zz-yy',
  '123',
  '',
  'nobody.example',
  'h1',
  'h11h12.test',
]
const hosts = [
  ...patterns.flatMap((_, at) => [`www-h${at}.example`, `h${at}.test`, `xh${at}-test.org`]),
  ...odd,
]

test('candidates are all that match, in their order, and few of the others', () => {
  for (const list of [table.routes, table.routes.toReversed()]) {
    let tried = 0
    for (const host of hosts) {
      const found = candidates(list, host)
      const request = plainRequest(host, '/')
      expect(found.filter((one) => one.matches(request))).toEqual(
        list.filter((one) => one.matches(request)),
      )
      expect(found.map((one) => list.indexOf(one))).toEqual(
        found.map((one) => list.indexOf(one)).toSorted((a, b) => a - b),
      )
      tried += found.length
    }
    expect(tried / hosts.length).toBeLessThan(10)
  }
})

test('the route of a host is the one that trying all of them finds', () => {
  const alone = table.routes.map((one) => {
    const rule = { name: one.name, rule: one.rule, priority: one.order.priority }
    return routeTable(catalogOf([instance({ routes: [rule] })]), vantage).table
  })
  for (const host of hosts) {
    const request = plainRequest(host, '/')
    const matching = alone.filter(({ index }) => match(index, 'http', request))
    const found = match(table.index, 'http', request)?.route
    expect(matching.length > 0).toBe(found !== undefined)
    const numbers = matching.flatMap(({ routes: [one] }) => one?.order.priority ?? [])
    const best = Math.max(...numbers)
    if (found?.order.priority != null) expect(found.order.priority).toBe(best)
  }
})
