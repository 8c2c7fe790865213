import { expect, test } from 'vitest'

import { declareMiddleware as declare, type Labels } from './traefik.ts'

test.for<[string, string, string]>([
  ['auth@file', 'auth@file', 'provider file are not read'],
  ['auth@consul', 'auth@consul', 'provider consul are not read'],
])('a route keeps the name of a middleware that nobody can declare: %s', ([used, kept, why]) => {
  const { routes, problems } = declare({ compress: 'true' }, `m,${used}`)
  expect(routes[0]?.route.middlewares).toEqual(['m@docker', kept])
  expect(problems).toMatchObject([{ severity: 'error', why: expect.stringContaining(why) }])
})

test.for<[string, Labels, string]>([
  ['a bad value', { 'ratelimit.average': 'many' }, 'not a whole number'],
  ['a bad range', { 'ipallowlist.sourcerange': '10.0.0.0/33' }, 'is no address'],
  ['an option that it needs', { 'basicauth.realm': 'x' }, 'users is missing'],
  ['a value out of limits', { 'inflightreq.amount': '0' }, 'out of its limits'],
  ['a type of nobody', { 'basicauht.users': 'a:b' }, 'did you mean basicauth?'],
  ['the name of a property', { 'constructor.x': 'y' }, 'no type of middleware constructor'],
  ['a type that is not here', { 'plugin.x.y': 'z' }, "plugins don't run here"],
  ['two types', { 'addprefix.prefix': '/a', compress: 'true' }, 'several types'],
  ['a chain of unknown ones', { 'chain.middlewares': 'x@file' }, 'provider file are not read'],
])('a middleware with %s closes its routes, and one problem says so', ([, labels, why]) => {
  const { middlewares, problems, routes } = declare(labels)
  expect(middlewares).toMatchObject({ 'm@docker': { unread: 'traefik.http.middlewares.m' } })
  expect(routes[0]?.route.middlewares).toEqual(['m@docker'])
  expect(problems).toMatchObject([{ why: expect.stringContaining(why) }])
  expect(problems[0]?.why).toContain('routes that are to have it answer 503')
})

test.for(['129', '-1', '64.5', '/64', ''])('a prefix of IPv6 can not have %s bits', (bits) => {
  const label = 'ratelimit.sourcecriterion.ipstrategy.ipv6subnet'
  const { middlewares, problems } = declare({ 'ratelimit.average': '1', [label]: bits })
  expect(middlewares).toMatchObject({ 'm@docker': { unread: 'traefik.http.middlewares.m' } })
  expect(problems).toMatchObject([
    {
      severity: 'error',
      what: `label traefik.http.middlewares.m.${label}=${JSON.stringify(bits)}`,
      why: expect.stringMatching(/^it is no length of an IPv6 prefix; routes .* answer 503/),
      remedy: 'write a number from 0 to 128, such as 64',
    },
  ])
})

test('an unknown option harms nothing else', () => {
  const { middlewares, problems } = declare({ 'addprefix.prefix': '/x', 'addprefix.prefxi': '/y' })
  expect(middlewares).toEqual({ 'm@docker': { addPrefix: '/x' } })
  expect(problems).toMatchObject([
    { severity: 'warning', why: 'there is no prefxi here (did you mean prefix?)' },
  ])
})

test('what has no place here is said, and secrets are not', () => {
  const { problems } = declare({
    'basicauth.users': 'joe:hush',
    'basicauth.usersfile': '/hush',
    'basicauth.userz': 'hush',
    'basicauth.removeheader': 'hush',
  })
  expect(problems).toHaveLength(3)
  expect(JSON.stringify(problems)).not.toContain('hush')
})
