import { expect, test } from 'vitest'

import {
  asksOfTls,
  compileRule,
  httpMatchersIn,
  tcpMatchersIn,
} from '../../../src/core/rule/compile.ts'
import { hostsOf } from '../../../src/core/rule/hosts.ts'
import { parseRule } from '../../../src/core/rule/parse.ts'
import { regexOf, tailOf } from '../../../src/core/rule/regex.ts'
import { plainRequest } from '../../../src/core/rule/request.ts'

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
    expect(compileRule(parseRule(rule))(plainRequest(host, path))).toBe(matches)
  })
}

const request = plainRequest('shop.example', '/api/v1', {
  method: 'POST',
  ip: '10.1.2.3',
  headers: (name) => (name === 'x-kind' ? ['one', 'two'] : []),
  query: (name) => ({ empty: [''], a: ['1', '2'] })[name] ?? [],
})

for (const [rule, matches] of [
  ['Method(`POST`)', true],
  ['Method(`post`)', true],
  ['Method(`GET`, `POST`)', true],
  ['Method(`GET`)', false],
  ['Header(`X-Kind`, `two`)', true],
  ['Header(`x-kind`, `tw`)', false],
  ['Header(`X-Other`, `one`)', false],
  ['Headers(`X-Kind`, `one`)', true],
  ['HeaderRegexp(`X-Kind`, `^t`)', true],
  ['HeadersRegexp(`X-Kind`, `^w`)', false],
  ['Query(`empty`)', true],
  ['Query(`a`)', false],
  ['Query(`a`, `2`)', true],
  ['Query(`a`, `3`)', false],
  ['Query(`none`)', false],
  ['QueryRegexp(`a`, `^[2-9]$`)', true],
  ['QueryRegexp(`empty`)', true],
  ['QueryRegexp(`a`)', false],
  ['ClientIP(`10.0.0.0/8`)', true],
  ['ClientIP(`192.168.0.0/16`, `10.1.2.3`)', true],
  ['ClientIP(`::1`)', false],
  ['HostHeader(`shop.example`)', true],
  ['HostRegexp(`^[a-z]+\\.example$`)', true],
  ['HostRegexp(`hop`)', true],
  ['HostRegexp(`^hop`)', false],
  ['PathRegexp(`^/api/v[0-9]+$`)', true],
  ['PathRegexp(`/v`)', true],
  ['PathRegexp(`^/v`)', false],
  ['!Method(`POST`) || !(Header(`x-kind`, `one`) && Query(`a`, `1`))', false],
] as const) {
  test(`${rule} ${matches ? 'matches' : 'does not match'} a request that has all of these`, () => {
    expect(compileRule(parseRule(rule))(request)).toBe(matches)
  })
}

test('characters that requests have escaped are escaped in rules', () => {
  const matches = compileRule(parseRule('Path(`/bücher und mehr`)'))
  expect(matches(plainRequest('h', '/b%C3%BCcher%20und%20mehr'))).toBe(true)
})

test('an address that came over a dual-stack socket is an IPv4 address', () => {
  const mapped = plainRequest('h', '/', { ip: '::ffff:10.0.0.1' })
  expect(compileRule(parseRule('ClientIP(`10.0.0.0/8`)'))(mapped)).toBe(true)
})

test('a rule looks at nothing that its matchers do not name', () => {
  const looks: string[] = []
  const watched = plainRequest('a', '/', {
    headers: (name) => {
      looks.push(name)
      return []
    },
  })
  compileRule(parseRule('Host(`a`) && Path(`/`) || Header(`X`, `y`)'))(watched)
  expect(looks).toEqual([])
  compileRule(parseRule('Host(`b`) || Header(`X`, `y`)'))(watched)
  expect(looks).toEqual(['x'])
})

test('matchers of one kind only are named', () => {
  const rule = parseRule('Host(`a`) && !HostSNI(`b`) || ALPN(`h2`) && ClientIP(`10.0.0.1`)')
  expect(tcpMatchersIn(rule)).toEqual(['HostSNI', 'ALPN'])
  expect(httpMatchersIn(rule)).toEqual(['Host'])
})

for (const [rule, asks] of [
  ['HostSNI(`*`)', false],
  ['HostSNI(`*`) && ClientIP(`10.0.0.0/8`)', false],
  ['HostSNI(`*`) || HostSNI(`a`)', true],
  ['HostSNIRegexp(`.*`)', true],
  ['HostSNI(`*`) && ALPN(`h2`)', true],
] as const) {
  test(`${rule} ${asks ? 'asks' : 'does not ask'} for what a TLS client says`, () => {
    expect(asksOfTls(parseRule(rule))).toBe(asks)
  })
}

for (const [rule, expected] of [
  ['HostSNI(`db.test`)', true],
  ['HostSNI(`*.test`)', true],
  ['HostSNI(`*`)', true],
  ['HostSNI(`a.test`)', false],
  ['HostSNIRegexp(`^db[.]`)', true],
  ['HostSNI(`*`) && ALPN(`h3`)', false],
  ['HostSNI(`*`) && ALPN(`h2`)', true],
  ['HostSNI(`*`) && !ClientIP(`10.0.0.0/8`)', false],
] as const) {
  test(`${rule} ${expected ? 'takes' : 'leaves'} a connection to db.test that offers h2`, () => {
    const view = plainRequest('db.test', '', { ip: '10.0.0.7', alpn: ['http/1.1', 'h2'] })
    expect(compileRule(parseRule(rule))(view)).toBe(expected)
  })
}

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

for (const [pattern, tail] of [
  ['^.+\\.x\\.example$', 'x.example'],
  ['^a\\.x-y\\.example$', 'a.x-y.example'],
  ['(a|b)\\.x\\.example$', 'x.example'],
  ['[a|b]\\.example$', 'example'],
  ['\\.a\\-b$', 'a-b'],
  ['\\.example', ''],
  ['example$', ''],
  ['.example$', ''],
  ['a|b\\.example$', ''],
  ['(?i)\\.example$', ''],
  ['\\Qx\\.example$', ''],
  ['\\\\.example$', ''],
  ['\\.a+$', ''],
  ['\\.\\x41$', ''],
] as const) {
  test(`hosts that ${pattern} matches end in ${JSON.stringify(tail)}`, () => {
    expect(tailOf(pattern)).toBe(tail)
    const { regexes, any } = hostsOf(parseRule(`HostRegexp(\`${pattern}\`)`))
    expect([[...regexes], any]).toEqual([[tail], false])
  })
}

test('no request makes a regular expression slow', () => {
  const is = regexOf('^(a+)+$')
  const began = performance.now()
  expect(is(`${'a'.repeat(50_000)}b`)).toBe(false)
  expect(performance.now() - began).toBeLessThan(1000)
})

test('regular expressions are bounded in length and size', () => {
  expect(() => regexOf('a'.repeat(1025))).toThrow('1025 characters')
  expect(() => regexOf('((a{10}){10}){10}(b{500}){2}')).toThrow('2000')
  expect(() => regexOf('(a{1000}){1000}')).toThrow('no regular expression of RE2')
})
