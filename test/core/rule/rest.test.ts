import { expect, test } from 'vitest'

import { exactnessOf } from '../../../src/core/rule/exactness.ts'
import { parseRule } from '../../../src/core/rule/parse.ts'
import { restFor } from '../../../src/core/rule/rest.ts'

for (const [rule, host, rest] of [
  ['Host(`a`)', 'a', 'true'],
  ['Host(`a`)', 'b', 'false'],
  ['Host(`a`, `b`)', 'b', 'true'],
  ['Host(`a`) || Host(`b`)', 'b', 'true'],
  ['Host(`a`) && PathPrefix(`/x`)', 'a', 'PathPrefix("/x")'],
  ['Host(`a`) && PathPrefix(`/`)', 'a', 'true'],
  ['PathPrefix(`/x`) && Host(`a`) && Method(`GET`)', 'a', '(Method("GET") && PathPrefix("/x"))'],
  ['Host(`a`) && (Path(`/x`) || Path(`/y`) || Path(`/x`))', 'a', '(Path("/x") || Path("/y"))'],
  ['Host(`a`) && !Host(`b`)', 'a', 'true'],
  ['!Host(`a`)', 'a', 'false'],
  ['!PathPrefix(`/x`) && HostRegexp(`^a$`)', 'a', '!PathPrefix("/x")'],
  ['Host(`a`) && Path(`/x`) || Host(`b`)', 'a', 'Path("/x")'],
] as const) {
  test(`of requests of ${host} the rule ${rule} still asks ${rest}`, () => {
    expect(restFor(parseRule(rule), host)).toBe(rest)
  })
}

for (const [rule, pathLength, conditions] of [
  ['Host(`a`)', 0, 1],
  ['Host(`a`) || Host(`b`) || Host(`c`)', 0, 1],
  ['Host(`a`) && PathPrefix(`/api`)', 4, 2],
  ['Host(`a`) && (PathPrefix(`/a`) || PathPrefix(`/long`))', 5, 2],
  ['Host(`a`) || Host(`b`) && PathPrefix(`/long`)', 0, 1],
  ['Host(`a`) && Method(`GET`) && !Header(`x`, `y`)', 0, 3],
  ['(Host(`a`) && Method(`GET`)) || Host(`b`)', 0, 1],
] as const) {
  test(`rule ${rule} has ${conditions} conditions and a path of ${pathLength}`, () => {
    expect(exactnessOf(parseRule(rule))).toEqual({ pathLength, conditions })
  })
}
