import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'

import { docker, startContainer } from '../../test/e2e/docker.ts'
import { ask } from '../../test/e2e/load.ts'
import { startPortolan } from '../../test/e2e/portolan.ts'

/** Milliseconds, one for each container. */
export type Changes = {
  /** From Docker's `start` event to the first answer through the proxy. */
  readonly toFirstAnswer: readonly number[]
  /** From Docker's `kill` event to the last request that was sent there; below 0: before the event. */
  readonly toLastRequest: readonly number[]
  readonly failures: readonly string[]
}

/** Answers with its own name, and goes on doing so for 0.3 s after TERM. */
const script = (name: string) =>
  `mkdir -p /w; echo ${name} > /w/index.html; httpd -f -p 8000 -h /w & ` +
  `trap 'sleep 0.3; exit 0' TERM; wait`

/** Starts and stops `count` containers one after the other, beside one that stays, under constant load. */
export async function measureChanges(count: number, args: readonly string[]): Promise<Changes> {
  await using portolan = await startPortolan({ args })
  await using _stays = await run('bench-stays', 'pool.localhost')
  await using events = followEvents()
  const toFirstAnswer: number[] = []
  const toLastRequest: number[] = []
  const failures: string[] = []
  for (let at = 0; at < count; at++) {
    const name = `bench-${at}`
    const own = `${name}.localhost`
    const answered = firstAnswer(portolan.proxyUrl, own)
    await using one = await run(name, `${own},pool.localhost`)
    toFirstAnswer.push((await answered) - (await events.at(one.id, 'start')))
    const stop = new AbortController()
    const hitting = hit(portolan.proxyUrl, 'pool.localhost', name, failures, stop.signal)
    await pause(100)
    await docker('stop', one.id)
    stop.abort()
    toLastRequest.push((await hitting) - (await events.at(one.id, 'kill')))
  }
  return { toFirstAnswer, toLastRequest, failures }
}

function run(name: string, hosts: string) {
  const labels = { 'portolan.host': hosts, 'portolan.service': name }
  return startContainer(name, {
    labels,
    options: ['--expose', '8000'],
    command: ['sh', '-c', script(name)],
  })
}

/** Wall clock in milliseconds, with fractions: Docker's events have it too. */
const nowMs = () => performance.timeOrigin + performance.now()

async function firstAnswer(url: string, host: string): Promise<number> {
  for (;;) {
    const { status } = await ask(url, host)
    if (status === 200) return nowMs()
    await pause(1)
  }
}

/** Four requests at a time until `stop`; when the last that `name` answered was sent. */
async function hit(
  url: string,
  host: string,
  name: string,
  failures: string[],
  stop: AbortSignal,
): Promise<number> {
  let last = 0
  const client = async () => {
    while (!stop.aborted) {
      const sent = nowMs()
      const { status, body } = await ask(url, host)
      if (status !== 200) failures.push(`${name}: ${status}`)
      if (body.trim() === name) last = Math.max(last, sent)
    }
  }
  await Promise.all([client(), client(), client(), client()])
  return last
}

/** When each container's first `start` and `kill` was, by the engine's clock. */
function followEvents() {
  const format = '{{.Action}} {{.Actor.ID}} {{.TimeNano}}'
  const filters = ['type=container', 'event=start', 'event=kill'].flatMap((one) => [
    '--filter',
    one,
  ])
  const child = spawn('docker', ['events', ...filters, '--format', format])
  const seen = new Map<string, number>()
  createInterface(child.stdout).on('line', (line) => {
    const [action = '', id = '', nano = ''] = line.split(' ')
    if (!seen.has(`${id} ${action}`)) seen.set(`${id} ${action}`, Number(nano) / 1e6)
  })
  return {
    async at(id: string, action: 'start' | 'kill'): Promise<number> {
      for (let waited = 0; waited < 2000; waited += 5) {
        const found = seen.get(`${id} ${action}`)
        if (found !== undefined) return found
        await pause(5)
      }
      throw new Error(`no ${action} event of ${id}`)
    },
    async [Symbol.asyncDispose]() {
      child.kill()
      await once(child, 'exit')
    },
  }
}
