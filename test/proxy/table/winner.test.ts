import { expect, test } from 'vitest'

import { plainRequest } from '../../../src/core/rule/request.ts'
import { match } from '../../../src/proxy/table/match.ts'
import { routeTable } from '../../../src/proxy/table/table.ts'
import { catalogOf, instance, vantage } from '../bed.ts'

/** Name of the route that gets a request, with several routes on one container. */
function winner(
  rules: Readonly<Record<string, string | readonly [string, number] | undefined>>,
  host: string,
  path: string,
) {
  const routes = Object.entries(rules).map(([name, rule = '']) =>
    typeof rule === 'string' ? { name, rule } : { name, rule: rule[0], priority: rule[1] },
  )
  const { table } = routeTable(catalogOf([instance({ routes })]), vantage)
  return match(table.index, 'http', plainRequest(host, path))?.route.name
}

for (const [sentence, rules, host, path, name] of [
  [
    'an exact host goes before a wildcard',
    { w: 'Host(`**.x.test`)', e: 'Host(`a.x.test`)' },
    'a.x.test',
    '/',
    'e',
  ],
  [
    'a longer wildcard goes before a shorter',
    { s: 'Host(`**.test`)', l: 'Host(`**.x.test`)' },
    'a.x.test',
    '/',
    'l',
  ],
  [
    'a wildcard goes before no host at all',
    { p: 'PathPrefix(`/`)', w: 'Host(`**.test`)' },
    'a.test',
    '/',
    'w',
  ],
  [
    'a longer path goes first',
    { a: 'Host(`h`) && PathPrefix(`/a`)', ab: 'Host(`h`) && PathPrefix(`/a/b`)' },
    'h',
    '/a/b/c',
    'ab',
  ],
  [
    'a path goes before none',
    { all: 'Host(`h`)', api: 'Host(`h`) && PathPrefix(`/api`)' },
    'h',
    '/api',
    'api',
  ],
  [
    'what no path matches goes to the host',
    { all: 'Host(`h`)', api: 'Host(`h`) && PathPrefix(`/api`)' },
    'h',
    '/x',
    'all',
  ],
  [
    'a high number goes before an exact host',
    { e: 'Host(`a.test`)', n: ['PathPrefix(`/`)', 1000] },
    'a.test',
    '/',
    'n',
  ],
  [
    'a low number goes behind all',
    { e: 'Host(`a.test`)', n: ['PathPrefix(`/`)', 1] },
    'a.test',
    '/',
    'e',
  ],
  [
    'a number that is the length of its rule says nothing',
    { e: 'Host(`a`)', n: ['PathPrefix(`/`)', 15] },
    'a',
    '/',
    'e',
  ],
  [
    'of two numbers the higher wins',
    { a: ['Host(`h`)', 5], b: ['PathPrefix(`/`)', 6] },
    'h',
    '/',
    'b',
  ],
  [
    'more conditions go first',
    { one: 'Host(`h`)', two: 'Host(`h`) && !Host(`x`)' },
    'h',
    '/',
    'two',
  ],
  [
    'a wildcard goes before a regular expression',
    { r: 'HostRegexp(`^.+\\.x\\.test$`) && Path(`/`)', w: 'Host(`**.test`)' },
    'a.x.test',
    '/',
    'w',
  ],
  [
    'a regular expression goes before no host at all',
    { p: 'PathPrefix(`/long`)', r: 'HostRegexp(`test`)' },
    'a.test',
    '/long',
    'r',
  ],
  [
    'of regular expressions the one with the longer path goes first, however they end',
    {
      a: 'HostRegexp(`^a\\.test$`)',
      b: 'HostRegexp(`.`) && PathPrefix(`/b`)',
      c: 'HostRegexp(`^.\\.test$`)',
    },
    'a.test',
    '/b',
    'b',
  ],
  [
    'of equal numbers the exact host wins',
    { w: ['Host(`**.test`)', 7], e: ['Host(`a.test`)', 7] },
    'a.test',
    '/',
    'e',
  ],
  [
    'a number below nought goes behind all',
    { e: 'PathPrefix(`/`)', n: ['Host(`a.test`)', -1] },
    'a.test',
    '/',
    'e',
  ],
  [
    'a number that is the length of its rule counts among such numbers',
    { short: ['Host(`a.test`)', 14], long: ['Host(`**.test`)', 15] },
    'a.test',
    '/',
    'long',
  ],
  ['equal rules but for spaces go by name', { b: 'Host(`h`) ', a: 'Host( `h`)' }, 'h', '/', 'a'],
  ['a host that nobody has is nobody’s', { e: 'Host(`a.test`)' }, 'b.test', '/', undefined],
] as const) {
  test(sentence, () => {
    expect(winner(rules, host, path)).toBe(name)
  })
}
