import { setTimeout as pause } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { instance } from '../core/samples.ts'
import { cluster, member } from './postgres.ts'
import { renderAll } from './scene.ts'

const soon = { timeout: 180_000 }
const limitMs = 600_000
const replicas =
  "select string_agg(application_name, ',' order by application_name) from pg_stat_replication"

test(
  'members find their primary, follow the promoted one, and the old one comes back',
  { timeout: limitMs },
  async () => {
    const { all, publish, start, sql, say, call } = await cluster(['127.0.0.1', '127.0.0.1', '::1'])
    await publish(...all.slice(0, 2))
    const first = start(1)
    start(2)
    await expect
      .poll(first.said, soon)
      .toMatch(/no data, and no primary to copy: 1 others are known/)
    await publish(...all)
    start(3)
    await expect.poll(() => sql(1, replicas), soon).toBe('member2,member3')
    await sql(1, 'create table notes (text text)')
    await sql(1, "insert into notes values ('one')")
    const notes = (number: number) =>
      sql(number, "select string_agg(text, ',' order by text) from notes")
    await expect.poll(() => notes(2), soon).toBe('one')
    await expect.poll(() => notes(3), soon).toBe('one')
    expect(await sql(2, 'insert into notes values (1)')).toContain('read-only')

    expect(await say(2, 'promote')).toMatchObject({
      code: 1,
      said: expect.stringMatching(/stop it first/),
    })
    await first.stop('SIGINT')
    expect(await say(2, 'promote')).toMatchObject({ code: 0 })
    await expect.poll(() => sql(2, replicas), soon).toBe('member3')
    await sql(2, "insert into notes values ('two')")
    await expect.poll(() => notes(3), soon).toBe('one,two')

    // what the old primary wrote that nobody has got
    const lost = `echo "insert into notes values ('lost')" | postgres --single -D "$PGDATA" postgres`
    expect(await call(1, 'bash', '-c', lost)).toMatchObject({ code: 0 })
    const back = start(1)
    await expect.poll(() => sql(2, replicas), soon).toBe('member1,member3')
    expect(back.said()).toContain('another member was promoted')
    await expect.poll(() => notes(1), soon).toBe('one,two')
    const { said } = await say(1, 'status')
    expect(said.match(/primary|replica/g)).toEqual(['replica', 'primary', 'replica'])
  },
)

test(
  'with POSTGRES_FAILOVER a majority without a primary promotes one, and nobody else does',
  { timeout: limitMs },
  async () => {
    const addresses = ['127.0.0.1', '127.0.0.1', '127.0.0.1']
    const { all, publish, start, sql, say } = await cluster(addresses, { POSTGRES_FAILOVER: '1' })
    await publish(...all)
    const [first, second] = [start(1), start(2)]
    start(3)
    await expect.poll(() => sql(1, replicas), soon).toBe('member2,member3')
    const roles = async () => (await say(3, 'status')).said.match(/primary|replica|no answer/g)
    // they don't know of the primary any more, and it still sends to them
    await publish(...all.slice(1))
    await pause(4000)
    expect(await roles()).toEqual(['replica', 'replica'])

    await first.stop('SIGQUIT')
    await expect.poll(roles, soon).toEqual(['primary', 'replica'])
    await expect.poll(() => sql(2, replicas), soon).toBe('member3')

    // the old one begins where it sees nobody, and stops when it sees its successor
    await publish(...all.slice(0, 1))
    expect(await say(1, 'alone')).toMatchObject({ code: 0 })
    const alone = start(1)
    await expect.poll(() => sql(1, 'select pg_is_in_recovery()'), soon).toBe('f')
    await publish(...all)
    await expect.poll(alone.said, soon).toMatch(/stopping, to come back[^]*immediate shutdown/)
    await alone.stop('SIGQUIT')
    const back = start(1)
    await expect.poll(() => sql(2, replicas), soon).toBe('member1,member3')

    await back.stop('SIGQUIT')
    await second.stop('SIGQUIT')
    await pause(4000)
    expect(await roles()).toEqual(['no answer', 'no answer', 'replica'])
  },
)

test(
  'a primary that restarts goes on if a majority agrees, and waits alone',
  { timeout: limitMs },
  async () => {
    const { all, publish, start, sql, say } = await cluster(['127.0.0.1', '127.0.0.1'])
    await publish(...all)
    const first = start(1)
    const second = start(2)
    await expect.poll(() => sql(1, replicas), soon).toBe('member2')
    await first.stop('SIGQUIT')
    const again = start(1)
    await expect.poll(() => sql(1, replicas), soon).toBe('member2')

    await again.stop('SIGINT')
    expect(await say(2, 'promote')).toMatchObject({
      code: 1,
      said: expect.stringMatching(/only 0 others answer/),
    })
    await second.stop('SIGINT')
    const alone = start(1)
    await expect
      .poll(alone.said, soon)
      .toContain('was the primary at timeline 1: 0 of 1 others answer')
    expect(await sql(1, 'select 1')).toContain('failed')
    await say(1, 'alone')
    await expect.poll(() => sql(1, 'select 1'), soon).toBe('1')
  },
)

test('the files name the members of this cluster, whatever others say', async () => {
  const evil = { postgres_cluster: 'main', postgres_member: "1' host=evil" }
  const texts = await renderAll(
    'postgres-replicas',
    [
      member(2, 5433, { addresses: [{ network: 'n', ip: 'fd00::2' }], state: 'unhealthy' }),
      member(1, 5432, {
        attributes: { postgres_cluster: 'main', postgres_member: '1', postgres_sync: '1' },
      }),
      member(3, 5432, { attributes: { postgres_cluster: 'other', postgres_member: '3' } }),
      member(4, 5432, { attributes: evil }),
      member(5, 5432, { addresses: [] }),
      instance(),
    ],
    [
      {
        v: 1,
        node: 'h1',
        engine: 'e',
        session: 's',
        address: '192.0.2.7',
        roles: [],
        version: '1',
        startedAt: '',
      },
    ],
  )
  expect(texts.get('members')).toBe('1 127.0.0.1 5432\n2 fd00::2 5433\n')
  expect(texts.get('replicas.conf')).toContain(
    "primary_conninfo = 'host=127.0.0.1,fd00::2 port=5432,5433 user=replicator target_session_attrs=primary connect_timeout=3'\n" +
      "synchronous_standby_names = 'ANY 1 (member1, member2)'",
  )
  expect(texts.get('pg_hba.conf')?.match(/^host replication replicator .*$/gm)).toEqual([
    'host replication replicator 127.0.0.1/32 scram-sha-256',
    'host replication replicator 192.0.2.7/32 scram-sha-256',
    'host replication replicator fd00::2/128 scram-sha-256',
  ])
})

test('if nobody has the label the last files stay', async () => {
  await expect(renderAll('postgres-replicas', [instance()])).rejects.toThrow('the last file stays')
})
