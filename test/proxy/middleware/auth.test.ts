import { createHash } from 'node:crypto'

import { expect, test } from 'vitest'

import { middlewareProblem } from '../../../src/proxy/middleware/kinds.ts'
import { chainOf, passed, requestOf, siteOf } from './drafts.ts'

const users = {
  // made with bcryptjs, htpasswd's bcrypt has another letter
  bcrypt: ['secret', '$2y$04$BKi1A4YAbpEzq0tGIZbH1uQEVbF2Za/m/LZRKnFvK8RqBcZ3aMdlS'],
  // openssl passwd -apr1 -salt abcdefgh
  apr1: ['pä ss:word', '$apr1$abcdefgh$n0f.NAjz6Oj/V9ULnwe2I.'],
  // openssl passwd -1 -salt abc
  md5: ['geheim', '$1$abc$ZAfLRk1aHF/.QlC7ixD3f.'],
  sha1: ['sha', '{SHA}2PRZAyDhNDqRW2OUFwZQqPNdaSY='],
  plain: ['as it is', 'as it is'],
} as const

const lines = Object.entries(users).map(([name, [, hash]]) => `${name}:${hash}`)

function basic(name: string, password: string) {
  return { Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` }
}

for (const [name, [password]] of Object.entries(users)) {
  test(`a password kept as ${name} lets in, others don't, more than once`, async () => {
    const chain = chainOf([{ basicAuth: { users: lines } }])
    const ask = async (given: string) =>
      (await chain.begin(requestOf({ headers: basic(name, given) })).enter())?.status
    expect(await ask(password)).toBeUndefined()
    expect(await ask(password)).toBeUndefined()
    expect(await ask(`${password}x`)).toBe(401)
    expect(await ask(`${password}x`)).toBe(401)
    expect(await ask('')).toBe(401)
  })
}

for (const [what, headers] of [
  ['nothing', {}],
  ['a stranger', basic('nobody', 'secret')],
  ["another's password", basic('bcrypt', 'sha')],
  ['the hash', basic('sha1', users.sha1[1])],
  ['another scheme', { Authorization: 'Bearer abc' }],
  ['no colon', { Authorization: `Basic ${Buffer.from('sha1').toString('base64')}` }],
  ['no base64', { Authorization: 'Basic ä' }],
  ['far too much', basic('plain', 'x'.repeat(2000))],
] as const) {
  test(`${what} is asked for a name and a password`, async () => {
    const { answer, headers: sent } = await passed(
      [{ basicAuth: { users: lines, realm: 'a "b"' } }],
      requestOf({ headers }),
    )
    expect(answer?.status).toBe(401)
    expect(sent.get('www-authenticate')).toBe('Basic realm="a \\"b\\"", charset="UTF-8"')
  })
}

test('two Authorization headers let nobody in', async () => {
  const request = requestOf({ headers: basic('plain', 'as it is') })
  request.headers.append('Authorization', 'Basic eDp4')
  expect((await passed([{ basicAuth: { users: lines } }], request)).answer?.status).toBe(401)
})

test('the endpoint is told who it is, and not how that was proved', async () => {
  const headers = { ...basic('sha1', 'sha'), 'X-User': 'admin' }
  const options = { users: lines, removeHeader: true, userHeader: 'X-User' }
  const { request } = await passed([{ basicAuth: options }], requestOf({ headers }))
  expect(request.headers.pairs()).toEqual(['X-User', 'sha1'])
})

test('of many passwords at once some are compared, those of one address less, and the rest is to come again', async () => {
  const chain = chainOf([{ basicAuth: { users: lines } }])
  const ask = async (count: number, guess: (at: number) => string, ip: (at: number) => string) => {
    const asked = Array.from({ length: count }, async (_, at) => {
      const headers = basic('bcrypt', guess(at))
      return (await chain.begin(requestOf({ headers, ip: ip(at) })).enter())?.status
    })
    const answers = await Promise.all(asked)
    return [401, 503, undefined].map((one) => answers.filter((status) => status === one).length)
  }
  const here = () => '192.0.2.1'
  expect(
    await ask(
      80,
      (at) => `a${at}`,
      (at) => `192.0.2.${at}`,
    ),
  ).toEqual([64, 16, 0])
  expect(await ask(20, (at) => `b${at}`, here)).toEqual([8, 12, 0])
  expect(await ask(20, () => 'secret', here)).toEqual([0, 0, 20])
})

for (const [what, list, problem] of [
  ['no user at all', [], /has no users/],
  ['no hash', ['ann'], /name:hash/],
  ['an unknown hash', ['ann:$6$abc$def'], /"ann" is none of/],
  ['a hash that costs too much', [`ann:${users.bcrypt[1].replace('$04$', '$16$')}`], /none of/],
] as const) {
  test(`${what} is a problem, without the hash in it`, () => {
    const said = middlewareProblem({
      basicAuth: { users: [...list], realm: '', removeHeader: false },
    })
    expect(said).toMatch(problem)
    expect(said).not.toContain('$')
  })
}

const md5 = (text: string) => createHash('md5').update(text).digest('hex')
const digestUsers = [`ann:traefik:${md5('ann:traefik:secret')}`]

/** The Authorization header for a challenge, as a browser makes it. */
function proof(challenge: string, uri: string, password = 'secret', nc = '00000001') {
  const [, nonce = ''] = /nonce="([^"]+)"/.exec(challenge) ?? []
  const hash = md5(`ann:traefik:${password}`)
  const response = md5([hash, nonce, nc, 'abc', 'auth', md5(`GET:${uri}`)].join(':'))
  return {
    Authorization: `Digest username="ann", realm="traefik", nonce="${nonce}", uri="${uri}", qop=auth, nc=${nc}, cnonce="abc", response="${response}", algorithm=MD5`,
  }
}

function digest(site = siteOf()) {
  const chain = chainOf([{ digestAuth: { users: digestUsers, userHeader: 'X-User' } }], site)
  return async (headers: Record<string, string>, path = '/a') => {
    const request = requestOf({ path, query: '?q', headers })
    const answer = await chain.begin(request).enter()
    const challenge = answer?.headers[1] ?? ''
    return { status: answer?.status, challenge, user: request.headers.get('x-user') }
  }
}

test('a digest lets in who knows the password, and once for each count', async () => {
  const ask = digest()
  const { status, challenge } = await ask({})
  expect(status).toBe(401)
  expect(challenge).toMatch(/^Digest realm="traefik", qop="auth", nonce="[^"]+"/)
  expect(await ask(proof(challenge, '/a?q'))).toMatchObject({ status: undefined, user: 'ann' })
  const again = await ask(proof(challenge, '/a?q'))
  expect(again).toMatchObject({ status: 401, challenge: expect.stringContaining('stale=true') })
  expect((await ask(proof(challenge, '/a?q', 'secret', '00000002'))).status).toBeUndefined()
})

test('a digest does not let in with a wrong password, for another target, or with a nonce made up', async () => {
  const ask = digest()
  const { challenge } = await ask({})
  expect((await ask(proof(challenge, '/a?q', 'guess'))).status).toBe(401)
  expect((await ask(proof(challenge, '/a?q'), '/other')).status).toBe(401)
  const own = Buffer.from('1.000 abc').toString('base64url')
  expect((await ask(proof(`nonce="${own}"`, '/a?q'))).status).toBe(401)
  expect((await ask(proof(challenge, '/a?q'))).status).toBeUndefined()
})

test('a nonce is known in every thread, and for five minutes', async () => {
  let now = 1000
  const site = siteOf({ nowMs: () => now })
  const { challenge } = await digest(site)({})
  expect((await digest({ ...site, seat: 1 })(proof(challenge, '/a?q'))).status).toBeUndefined()
  now += 300_001
  const late = await digest(site)(proof(challenge, '/a?q'))
  expect(late).toMatchObject({ status: 401, challenge: expect.stringContaining('stale=true') })
})
