import { expect, test } from 'vitest'

import { compileRule, unservedIn } from '../../../src/core/rule/compile.ts'
import { hostsOf } from '../../../src/core/rule/hosts.ts'
import { parseRule } from '../../../src/core/rule/parse.ts'

for (const [rule, host, path, matches] of [
  ['Host(`a.example`)', 'a.example', '/', true],
  ['Host(`a.example`)', 'b.example', '/', false],
  ['Host(`*`)', 'anything.at.all', '/', true],
  ['Host(`*.example`)', 'a.example', '/', true],
  ['Host(`*.example`)', 'b.a.example', '/', false],
  ['Host(`*.example`)', 'example', '/', false],
  ['Host(`**.example`)', 'b.a.example', '/', true],
  ['Host(`**.example`)', 'a.example', '/', true],
  ['Host(`**.example`)', 'example', '/', false],
  ['Host(`**.example`)', 'badexample', '/', false],
  ['Host(`a`, `b`)', 'b', '/', true],
  ['Path(`/a`)', 'h', '/a', true],
  ['Path(`/a`)', 'h', '/a/', false],
  ['PathPrefix(`/foo`)', 'h', '/foobar', true],
  ['PathPrefix(`/foo`)', 'h', '/fo', false],
  ['Host(`a`) && PathPrefix(`/x`)', 'a', '/x/1', true],
  ['Host(`a`) && PathPrefix(`/x`)', 'a', '/y', false],
  ['Host(`a`) && !PathPrefix(`/x`)', 'a', '/y', true],
  ['!(Host(`a`) || Host(`b`))', 'c', '/', true],
  ['!(Host(`a`) || Host(`b`))', 'b', '/', false],
] as const) {
  test(`${rule} ${matches ? 'matches' : 'does not match'} ${host}${path}`, () => {
    expect(compileRule(parseRule(rule))(host, path)).toBe(matches)
  })
}

test('a matcher that is not served yet is named, and nothing matches by it', () => {
  const rule = parseRule('Host(`a`) && !Method(`GET`) || HeaderRegexp(`x`, `y`)')
  expect(unservedIn(rule)).toEqual(['Method', 'HeaderRegexp'])
  expect(compileRule(rule)('a', '/')).toBe(false)
})

for (const [rule, exact, suffixes, any] of [
  ['Host(`a`)', ['a'], [], false],
  ['Host(`a`, `*.b`) || Host(`**.c`)', ['a'], ['b', 'c'], false],
  ['Host(`a`) && Path(`/x`)', ['a'], [], false],
  ['Host(`**.b`) && Host(`a.b`)', ['a.b'], [], false],
  ['Host(`a`) || Path(`/x`)', [], [], true],
  ['!Host(`a`)', [], [], true],
  ['Host(`a`) && !Host(`b`)', ['a'], [], false],
  ['Host(`*`)', [], [], true],
] as const) {
  test(`${rule} can match ${any ? 'any host' : [...exact, ...suffixes.map((one) => `*.${one}`)].join(', ')}`, () => {
    const hosts = hostsOf(parseRule(rule))
    expect([[...hosts.exact], [...hosts.suffixes], hosts.any]).toEqual([exact, suffixes, any])
  })
}
