import { expect, test } from 'vitest'

import { registratorDialect } from '../../src/registrator/dialects/registrator.ts'
import { factsOf } from '../../src/registrator/names.ts'
import { compose, container, register, settings } from './containers.ts'

const tcp = (port: number) => ({ port, protocol: 'tcp', published: null }) as const
const udp = (port: number) => ({ port, protocol: 'udp', published: null }) as const

type Facts = Parameters<typeof container>[0]

const register80 = (facts: Facts) => register(container({ ports: [tcp(80)], ...facts }))
const declare = (facts: Facts) =>
  registratorDialect(factsOf(container({ ports: [tcp(80)], ...facts })), settings)

/** Service names by port. */
function names(facts: Facts) {
  const { instances } = register80(facts)
  return instances.map(({ port, protocol, service }) =>
    protocol === 'udp' ? `${port}/udp ${service}` : `${port} ${service}`,
  )
}

for (const [title, facts, expected] of [
  ['from a variable', { env: { SERVICE_NAME: 'a' } }, ['80 a']],
  ['from a label', { labels: { SERVICE_NAME: 'a' } }, ['80 a']],
  ['label beats variable', { env: { SERVICE_NAME: 'a' }, labels: { SERVICE_NAME: 'b' } }, ['80 b']],
  [
    'a port beats all ports, even a variable a label',
    { env: { SERVICE_80_NAME: 'port' }, labels: { SERVICE_NAME: 'all' } },
    ['80 port'],
  ],
  [
    'a protocol beats both, whatever it stands in',
    {
      ports: [tcp(80), udp(80)],
      env: { SERVICE_80_UDP_NAME: 'u' },
      labels: { SERVICE_80_NAME: 'p', SERVICE_NAME: 'all' },
    },
    ['80 p', '80/udp u'],
  ],
  [
    'a range, and one port of it by itself',
    {
      ports: [tcp(79), tcp(80), tcp(81), tcp(90)],
      labels: { 'SERVICE_80-90_NAME': 'range', SERVICE_81_NAME: 'one', SERVICE_NAME: 'all' },
    },
    ['79 all', '80 range', '81 one', '90 range'],
  ],
  [
    'a range for one protocol',
    { ports: [tcp(80), udp(80)], labels: { 'SERVICE_80-81_TCP_NAME': 'r' } },
    ['80 r', '80/udp web'],
  ],
  ['the key in any case', { labels: { SERVICE_Name: 'a' } }, ['80 a']],
  ['the prefix only in capitals', { labels: { service_name: 'a' } }, ['80 web']],
  ['an empty one is none', { labels: { SERVICE_NAME: '' } }, ['80 web']],
  [
    'an empty label takes the variable away',
    { env: { SERVICE_NAME: 'a' }, labels: { SERVICE_NAME: '' } },
    ['80 web'],
  ],
  [
    'an empty one of a port takes that of all away',
    { labels: { SERVICE_80_NAME: '', SERVICE_NAME: 'a' } },
    ['80 web'],
  ],
  ['another port is none of it', { labels: { SERVICE_8080_NAME: 'a' } }, ['80 web']],
  [
    'ours beats it',
    { labels: { 'portolan.service': 'ours', SERVICE_NAME: 'theirs' } },
    ['80 ours'],
  ],
] as const) {
  test(`name: ${title}`, () => {
    expect(names(facts as Facts)).toEqual(expected)
  })
}

test('a given name is global, also of a Compose service', () => {
  const [one] = register80({ labels: { ...compose, SERVICE_NAME: 'web' } }).instances
  expect(one).toMatchObject({ project: '-', service: 'web' })
})

for (const text of ['true', '1', 'yes', 'false', '0']) {
  test(`SERVICE_IGNORE=${text} ignores`, () => {
    expect(names({ labels: { SERVICE_IGNORE: text } })).toEqual([])
    const warned = declare({ labels: { SERVICE_IGNORE: text } }).problems.length
    expect(warned).toBe(['false', '0'].includes(text) ? 1 : 0)
  })
}

test('a port may be ignored, or be the only one that is not', () => {
  const ports = [tcp(80), tcp(443)]
  expect(names({ ports, labels: { SERVICE_80_IGNORE: 'true' } })).toEqual(['443 web'])
  expect(names({ ports, env: { SERVICE_80_IGNORE: 'x' } })).toEqual(['443 web'])
  const all = { SERVICE_IGNORE: 'true', SERVICE_80_IGNORE: '' }
  expect(names({ ports, labels: all })).toEqual(['80 web'])
})

test('what is ignored and routed by other labels stays routed', () => {
  const labels = { SERVICE_IGNORE: 'true', 'portolan.host': 'a.localhost' }
  expect(register80({ labels }).instances.map(({ routes }) => routes.length)).toEqual([1])
})

const tags = (facts: Facts) => register80(facts).instances.map((one) => one.tags)

for (const [text, expected] of [
  ['a,b', ['a', 'b']],
  [String.raw`a\,b,c`, ['a,b', 'c']],
  [',a,, b ,', ['a', 'b']],
  ['', []],
  [',', []],
] as const) {
  test(`tags ${JSON.stringify(text)}`, () => {
    expect(tags({ labels: { SERVICE_TAGS: text } })).toEqual([expected])
  })
}

test("a port's tags replace those of all ports, and udp is one more", () => {
  const ports = [tcp(80), udp(80), tcp(443)]
  const labels = { SERVICE_TAGS: 'all', SERVICE_80_TAGS: 'one,two' }
  expect(tags({ ports, labels })).toEqual([['one', 'two'], ['one', 'two', 'udp'], ['all']])
  expect(tags({ ports: [udp(53)] })).toEqual([['udp']])
})

test('a port that another label names has the tags of all ports', () => {
  const labels = { SERVICE_TAGS: 'a', 'portolan.host': 'x.localhost', 'portolan.port': '3000' }
  expect(tags({ ports: [], labels })).toEqual([['a']])
})

test('everything else in labels is an attribute, with those of the port; variables never are', () => {
  const [one] = register80({
    env: { SERVICE_ACCOUNT: 'secret', SERVICE_80_TOKEN: 'secret' },
    labels: {
      SERVICE_REGION: 'eu',
      SERVICE_80_Version: '3',
      SERVICE_VERSION: '2',
      SERVICE_EMPTY: '',
      SERVICE_80: 'x',
      SERVICE_443_NO: 'other port',
      SERVICE_NAME: 'a',
      SERVICE_ID: 'b',
      SERVICE_TAGS: 'c',
      SERVICE_CHECK_TCP: 'true',
    },
  }).instances
  expect(one?.attributes).toEqual({ region: 'eu', version: '3', empty: '', '80': 'x' })
})

test('one id for several ports is said, one for each is not', () => {
  const ports = [tcp(80), tcp(443)]
  const why = (labels: Record<string, string>) =>
    declare({ ports, labels }).problems.map(({ remedy }) => remedy)
  expect(why({ SERVICE_ID: 'x' })[0]).toContain('SERVICE_80_ID')
  expect(why({ SERVICE_ID: 'x', SERVICE_443_ID: 'y' })).toEqual([])
  expect(why({ SERVICE_ID: 'x', SERVICE_443_IGNORE: 'y' })).toEqual([])
})

test('what is said of a port that is not exposed is noted, and registers nothing', () => {
  const facts = { labels: { SERVICE_8080_NAME: 'a' } }
  expect(declare(facts).problems[0]).toMatchObject({ severity: 'note' })
  expect(names(facts)).toEqual(['80 web'])
})

test('of more than 64 ports those that have a word of their own are registered', () => {
  const ports = Array.from({ length: 65 }, (_, at) => tcp(1000 + at))
  expect(names({ ports, labels: { SERVICE_1003_NAME: 'a' } })).toEqual(['1003 a'])
})

test('of a flood of labels and ports only some are read, and it is said', () => {
  const ports = Array.from({ length: 65_535 }, (_, at) => tcp(at + 1))
  const flood = (key: (at: number) => string, count = 5000) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`SERVICE_${key(at + 1)}`, 'x']))
  const floods = [
    { ports: ports.slice(0, 60), labels: flood((at) => `A${at}`) },
    { ports: ports.slice(0, 60), labels: flood((at) => `1-${at}_CHECK_${at}`) },
    { ports, labels: flood((at) => `${at}_NAME`) },
    { ports: [], labels: flood((at) => `${at}_NAME`) },
  ].map((facts) => register(container(facts)))
  expect(floods.map(({ instances }) => instances.length)).toEqual([60, 60, 64, 0])
  for (const { problems } of floods) {
    expect(problems.some(({ why }) => why.includes('only 1024'))).toBe(true)
  }
})

for (const [label, value, remedy] of [
  ['SERVICE_NAME', 'prod/web', /letters, digits/],
  ['SERVICE_NAME', 'a\nb', /without it/],
  ['SERVICE_ID', 'a/b', /leave out/],
  ['SERVICE_TAGS', '{{.Name}}', /tags themselves/],
  ['SERVICE_CHECK_HTTP', 'health', /begin it with/],
  ['SERVICE_REGION', 'a\u0000', /without it/],
] as const) {
  test(`${label}=${JSON.stringify(value)} is a problem that says what to write`, () => {
    const { problems } = declare({ labels: { [label]: value } })
    expect(problems).toHaveLength(1)
    expect(problems[0]?.what).toContain(`label ${label}=`)
    expect(problems[0]?.remedy).toMatch(remedy)
  })
}

test('a problem says whether a variable or a label is at fault', () => {
  const { problems } = declare({ env: { SERVICE_NAME: 'a b' }, labels: { SERVICE_ID: 'a b' } })
  expect(problems.map(({ what }) => what)).toEqual([
    'variable SERVICE_NAME="a b"',
    'label SERVICE_ID="a b"',
  ])
})
