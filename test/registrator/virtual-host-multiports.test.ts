import { expect, test } from 'vitest'

import { nginxProxyDialect } from '../../src/registrator/dialects/nginx-proxy.ts'
import { factsOf } from '../../src/registrator/names.ts'
import { container, register, settings } from './containers.ts'

const ports = [80, 9000].map((port) => ({ port, protocol: 'tcp', published: null }) as const)
const declare = (text: string, more: Record<string, string> = {}) => {
  const env = { VIRTUAL_HOST_MULTIPORTS: text, ...more }
  return nginxProxyDialect(factsOf(container({ ports, env })), settings)
}
const ways = (text: string) =>
  declare(text).routes.map(({ port, route: { rule } }) => `${rule} ${port}`)

for (const [title, text, expected] of [
  ['a host alone', 'a.example:', ['Host(`a.example`) 80']],
  ['a host with nothing', '{"a.example": {}}', ['Host(`a.example`) 80']],
  ['a path alone', 'a:\n  "/x":\n', ['Host(`a`) && PathPrefix(`/x`) 80']],
  [
    'YAML',
    'a:\n  "/":\n  "/x":\n    port: 9000\n    dest: "/"\nb:\n  "/":\n    port: "9000"\n',
    ['Host(`a`) 80', 'Host(`a`) && PathPrefix(`/x`) 9000', 'Host(`b`) 9000'],
  ],
  [
    'JSON',
    '{"*.a": {"/": {"port": 9000}}, "~^b": null}',
    ['Host(`**.a`) 9000', 'HostRegexp(`^b`) 80'],
  ],
] as const) {
  test(title, () => {
    expect(ways(text)).toEqual(expected)
    expect(declare(text).problems).toEqual([])
  })
}

test('it stands instead of the other variables', () => {
  const { routes } = declare('a:', { VIRTUAL_HOST: 'b', VIRTUAL_PORT: '9000', VIRTUAL_PATH: '/x' })
  expect(routes).toMatchObject([{ port: 80, route: { rule: 'Host(`a`)' } }])
})

test('each path has its port, protocol and destination', () => {
  const text = '{a: {"/": {}, "/x": {port: 9000, proto: https, dest: /y}}}'
  const { instances } = register(
    container({ ports, env: { VIRTUAL_HOST_MULTIPORTS: text, NETWORK_ACCESS: 'internal' } }),
  )
  expect(instances.map(({ port, protocol, routes }) => [port, protocol, routes.length])).toEqual([
    [80, 'http', 1],
    [9000, 'https', 1],
  ])
  expect(Object.values(instances[1]?.policy.middlewares ?? {})).toMatchObject([
    { allowIp: {} },
    { replacePathRegex: { regex: '^/x(.*)', replacement: '/y$1' } },
  ])
})

test('what is no path is passed over, and said', () => {
  const text = '{a: {external_http_port: 8081, "/": {port: 9000}}, b: {external_https_port: 1}}'
  expect(ways(text)).toEqual(['Host(`a`) 9000', 'Host(`b`) 80'])
  expect(declare(text).problems.map(({ severity }) => severity)).toEqual(['warning', 'warning'])
})

test('a bad path leaves the others', () => {
  const text = '{a: {"/": {port: x}, "/b": {port: 9000}}}'
  expect(ways(text)).toEqual(['Host(`a`) && PathPrefix(`/b`) 9000'])
  expect(declare(text).problems).toMatchObject([{ what: 'variable VIRTUAL_HOST_MULTIPORTS="x"' }])
})

const bomb = `a: &a [x,x]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [*c]`

for (const [title, text] of [
  ['not YAML', '{a: ['],
  ['a list', '[a, b]'],
  ['a text', 'a.example'],
  ['paths that are a text', 'a: /x'],
  ['a path that is a text', '{a: {"/": "x"}}'],
  ['a port that is a list', '{a: {"/": {port: [80]}}}'],
  ['aliases of aliases', bomb],
  ['deep nesting', '['.repeat(16_000)],
  ['too long', `a: # ${'x'.repeat(16_384)}`],
] as const) {
  test(`${title}: a problem with a remedy, and no routes`, () => {
    const { routes, problems } = declare(text, { VIRTUAL_HOST: 'b' })
    expect(routes).toEqual([])
    expect(problems).toHaveLength(1)
    expect(problems[0]?.remedy).not.toBe('')
    expect(problems[0]?.what.length).toBeLessThan(200)
  })
}
