import { expect, test } from 'vitest'

import { normalHost } from '../../../src/core/rule/host.ts'
import { parseRule } from '../../../src/core/rule/parse.ts'
import { ruleOf } from '../../../src/core/rule/rule-of.ts'

for (const [hosts, paths, rule] of [
  [['a'], [], 'Host(`a`)'],
  [['A.Example.com.:8080'], [], 'Host(`a.example.com`)'],
  [['*.x.example'], [], 'Host(`**.x.example`)'],
  [['a', 'b'], [], 'Host(`a`) || Host(`b`)'],
  [['a'], ['/api'], 'Host(`a`) && (Path(`/api`) || PathPrefix(`/api/`))'],
  [['a'], ['/api/'], 'Host(`a`) && (Path(`/api`) || PathPrefix(`/api/`))'],
  [['a'], ['/'], 'Host(`a`) && PathPrefix(`/`)'],
  [
    ['a', 'b'],
    ['/x', '/y'],
    '(Host(`a`) || Host(`b`)) && (Path(`/x`) || PathPrefix(`/x/`) || Path(`/y`) || PathPrefix(`/y/`))',
  ],
  [[], ['/api'], 'Path(`/api`) || PathPrefix(`/api/`)'],
  [['bücher.example'], [], 'Host(`xn--bcher-kva.example`)'],
] as const) {
  test(`hosts [${hosts.join()}] and paths [${paths.join()}] are ${rule}`, () => {
    expect(ruleOf({ hosts, paths })).toBe(rule)
    expect(() => parseRule(rule)).not.toThrow()
  })
}

for (const [hosts, paths, words] of [
  [['a b'], [], 'no host name'],
  [['a`) || Host(`b'], [], 'no host name'],
  [['http://a'], [], 'no host name'],
  [['a'], ['api'], 'no path'],
  [['a'], ['/a`'], 'no path'],
  [['a'], ['/a?b'], 'no path'],
  [[], [], 'no host and no path'],
] as const) {
  test(`hosts [${hosts.join()}] and paths [${paths.join()}] are refused: ${words}`, () => {
    expect(() => ruleOf({ hosts, paths })).toThrow(words)
  })
}

for (const [text, host] of [
  ['Shop.Example.COM:80', 'shop.example.com'],
  ['a.', 'a'],
  ['my_app.localhost', 'my_app.localhost'],
  ['[::1]:8080', '[::1]'],
  ['127.0.0.1:80', '127.0.0.1'],
  ['a..b', undefined],
  ['', undefined],
  ['a:b', undefined],
  ['a/b', undefined],
  ['user@a', undefined],
] as const) {
  test(`${JSON.stringify(text)} is ${host === undefined ? 'no host' : `the host ${host}`}`, () => {
    expect(normalHost(text)).toBe(host)
  })
}
