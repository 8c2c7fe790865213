import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

import { freePort } from '../free-port.ts'
import { startStack } from './compose.ts'
import { type Application, failOver, told } from './failover.ts'

const run = promisify(execFile)
const limitMs = 600_000
/** A client that is not answered by then begins anew. */
const patienceMs = 60_000

/** Commands on one connection of redis-cli; its answers, line by line. */
async function cli(port: number, ...commands: readonly string[]): Promise<string[]> {
  const running = run('redis-cli', ['-h', '127.0.0.1', '-p', String(port)], { timeout: patienceMs })
  running.child.stdin?.end(`${commands.join('\n')}\n`)
  const { stdout } = await running
  return stdout.trim().split(/\r?\n/)
}

function applicationAt(rw: number, ro: number): Application {
  return {
    async write(number) {
      // redis-cli connects again by itself, and WAIT on another connection would wait for nothing
      const commands = ['client id', `sadd written ${number}`, 'wait 1 5000', 'client id']
      const [id, added, replicas, idAfter, ...info] = await cli(rw, ...commands, 'info server')
      const [, by] = /\nrun_id:(\w+)/.exec(info.join('\n')) ?? []
      if (added === '1' && Number(replicas) >= 1 && id === idAfter && by) return by
      throw new Error(`not confirmed: ${[id, added, replicas, idAfter].join(' ')}`)
    },
    async read() {
      const [count] = await cli(ro, 'scard written')
      if (!/^\d+$/.test(count ?? '')) throw new Error(`not read: ${count}`)
    },
    written: async () => (await cli(rw, 'smembers written')).map(Number),
  }
}

test(
  'examples/redis-failover: the primary is killed, and writes go on without a human',
  { timeout: limitMs },
  async () => {
    const [rw, ro] = [await freePort(), await freePort()]
    await using stack = await startStack('redis', 'examples/redis-failover/compose.yaml', {
      REDIS_PORT: String(rw),
      REDIS_RO_PORT: String(ro),
      NET: `10.213.${process.pid % 256}`,
    })
    const result = await failOver(stack, 3, applicationAt(rw, ro))
    process.stdout.write(told('redis-failover', result))
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
