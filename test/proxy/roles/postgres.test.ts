import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { member, roleBed } from './bed.ts'
import { ask, type PostgresServer, primaryServer, standbyOf } from './postgres-servers.ts'
import { folder } from './programs.ts'

async function secrets() {
  const made = await folder()
  await writeFile(join(made.path, 'pg'), 'sesame\n')
  return made
}

const instanceOf = (letter: string, { port }: PostgresServer) =>
  member(letter, port, { kind: 'postgres', passwordFile: 'pg' })

test('PostgreSQL: writers follow a promotion, and the old primary is fenced by its timeline', async () => {
  await using file = await secrets()
  await using one = await primaryServer()
  await using two = await standbyOf(one)
  await using proxy = await roleBed({ secrets: file.path })
  const [a, b] = [instanceOf('a', one), instanceOf('b', two)]
  proxy.set(a, b)
  const isStandby = 'SELECT pg_is_in_recovery()'
  expect(await ask(proxy.rw, isStandby)).toBe('f')
  expect(await ask(proxy.ro, isStandby)).toBe('t')
  expect(proxy.roleOf(a)?.why).toBe('it is a primary, timeline 1')
  await proxy.reaches(b, 'replica')
  const session = connect({ host: '127.0.0.1', port: proxy.rw })
  session.on('error', () => {})
  await once(session, 'connect')
  const cut = ask(proxy.rw, 'SELECT pg_sleep(600)').catch((error: Error) => error.message)
  await expect
    .poll(
      () => one.ask("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"),
      { timeout: 60_000 },
    )
    .toBe('1')
  await two.ask('SELECT pg_promote()')
  // whoever wrote to the old one may not go on
  expect(await cut).toContain('closed the connection')
  session.destroy()
  await proxy.reaches(a, 'fenced')
  await proxy.reaches(b, 'primary')
  expect(proxy.roleOf(b)?.why).toBe('it is a primary, timeline 2')
  const port = 'SELECT inet_server_port()'
  expect(await ask(proxy.rw, port)).toBe(String(two.port))
  await expect
    .poll(() => proxy.problems().map(({ where }) => where))
    .toContain('container shop-db-a')
  // it stays away as long as the new one is not known to be gone
  await two.stop('immediate')
  await proxy.reaches(b, 'unknown')
  expect(proxy.roleOf(a)).toMatchObject({ state: 'fenced' })
})

test.for(['md5', 'password'] as const)('PostgreSQL: login by %s', async (method) => {
  await using file = await secrets()
  await using one = await primaryServer(method)
  await using proxy = await roleBed({ secrets: file.path })
  const a = member('a', one.port, { kind: 'postgres', passwordFile: 'pg', fall: 1 })
  proxy.set(a)
  if (method === 'md5') return await proxy.reaches(a, 'primary')
  await expect
    .poll(() => proxy.problems(), { timeout: 60_000 })
    .toMatchObject([
      { what: expect.stringContaining('without TLS'), remedy: expect.stringContaining('scram') },
    ])
})

test('PostgreSQL: without the right password nobody is primary, and it says what to do', async () => {
  await using file = await secrets()
  await writeFile(join(file.path, 'wrong'), 'simsalabim')
  await using one = await primaryServer()
  await using proxy = await roleBed({ secrets: file.path })
  const kind = 'postgres'
  proxy.set(member('a', one.port, { kind, fall: 1 }))
  const problems = () => proxy.problems().map(({ what, remedy }) => `${what}; ${remedy}`)
  await expect
    .poll(problems, { timeout: 60_000 })
    .toEqual([expect.stringMatching(/asks for a password.*portolan\.probe\.password-file/)])
  proxy.set(member('a', one.port, { kind, fall: 1, passwordFile: 'wrong' }))
  await expect
    .poll(problems, { timeout: 60_000 })
    .toEqual([expect.stringMatching(/password authentication failed.*correct/)])
})
