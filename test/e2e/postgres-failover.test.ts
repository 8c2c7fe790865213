import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

import { freePort } from '../free-port.ts'
import { postgresPath } from '../templates/postgres.ts'
import { startStack } from './compose.ts'
import { type Application, failOver, told } from './failover.ts'
import { eventually } from './portolan.ts'

const run = promisify(execFile)
const limitMs = 600_000
/** A client that is not answered by then begins anew. */
const patienceMs = 60_000

/** One statement on a connection of its own; its rows. */
async function sql(port: number, text: string): Promise<string[]> {
  const at = `host=127.0.0.1 port=${port} user=postgres dbname=postgres`
  const env = { ...process.env, PATH: postgresPath(), PGPASSWORD: 'change-me' }
  const { stdout } = await run('psql', ['-XAtqw', at, '-c', text], { env, timeout: patienceMs })
  return stdout.trim().split('\n')
}

function applicationAt(rw: number, ro: number): Application {
  return {
    async write(number) {
      const text = `insert into written values (${number}) returning current_setting('cluster_name')`
      const [by = ''] = await sql(rw, text)
      return by
    },
    read: () => sql(ro, 'select count(*) from written'),
    written: async () => (await sql(rw, 'select number from written')).map(Number),
  }
}

test(
  'examples/postgres-failover: the primary is killed, and writes go on without a human',
  { timeout: limitMs },
  async () => {
    const [rw, ro] = [await freePort(), await freePort()]
    const file = 'examples/postgres-failover/compose.yaml'
    await using stack = await startStack('postgres', file, {
      POSTGRES_PORT: String(rw),
      POSTGRES_RO_PORT: String(ro),
    })
    await eventually(() => sql(rw, 'create table written (number int)').then(() => true), 120_000)
    await eventually(() => sql(ro, 'select from written').then(() => true), 120_000)
    const result = await failOver(stack, 3, applicationAt(rw, ro))
    process.stdout.write(told('postgres-failover', result))
    expect(result.lost).toEqual([])
    // nobody who was followed by another one has confirmed anything since
    expect(result.primaries.length).toBeGreaterThanOrEqual(2)
    expect(new Set(result.primaries).size).toBe(result.primaries.length)
    expect(result.mostPrimaries).toBe(1)
    // some may have been at the replica when it was promoted
    expect(result.reads.failed / result.reads.done).toBeLessThan(0.1)
    expect(result.readsMeanwhile).toBeGreaterThan(0)
  },
)
