import { setTimeout as pause } from 'node:timers/promises'

import { docker, startContainer } from '../../test/e2e/docker.ts'
import { eventually, startPortolan } from '../../test/e2e/portolan.ts'
import { followEvents } from './events.ts'
import { startLoad } from './load.ts'

/** Milliseconds, one for each container. */
export type Changes = {
  /** From Docker's `start` event to the end of its first answer through the proxy. */
  readonly toFirstAnswer: readonly number[]
  /** From Docker's `kill` event to when the last request that it answered was sent; below 0: before the event. */
  readonly toLastRequest: readonly number[]
  readonly requests: number
  readonly failures: readonly string[]
}

const host = 'pool.localhost'

/** Answers with its own name, and goes on doing so for 0.3 s after TERM. */
const script = (name: string) =>
  `mkdir -p /w; echo ${name} > /w/index.html; httpd -f -p 8000 -h /w & ` +
  `trap 'sleep 0.3; exit 0' TERM; wait`

/** Starts and stops `count` containers one after the other, beside one that stays, under constant load. */
export async function measureChanges(count: number, args: readonly string[]): Promise<Changes> {
  await using portolan = await startPortolan({ args })
  await using _stays = await run('bench-stays')
  await using events = await followEvents()
  await using load = await startLoad(portolan.proxyUrl, host)
  const toFirstAnswer: number[] = []
  const toLastRequest: number[] = []
  for (let at = 0; at < count; at++) {
    const name = `bench-${at}`
    await using one = await run(name)
    await eventually(async () => load.answersOf(name) !== undefined)
    await pause(100)
    await docker('stop', one.id)
    const { first, last } = load.answersOf(name) ?? { first: NaN, last: NaN }
    toFirstAnswer.push(first - (await events.at(one.id, 'start')))
    toLastRequest.push(last - (await events.at(one.id, 'kill')))
  }
  return { toFirstAnswer, toLastRequest, ...load.counted() }
}

/** One more instance of the same service, which declares the same rule: one pool. */
function run(name: string) {
  const labels = { 'portolan.host': host, 'portolan.service': 'bench-pool' }
  const command = ['sh', '-c', script(name)]
  return startContainer(name, { labels, options: ['--expose', '8000'], command })
}
