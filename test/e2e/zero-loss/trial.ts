import { setTimeout as pause } from 'node:timers/promises'

import { docker } from '../docker.ts'
import { ask } from '../load.ts'
import { eventually, startPortolan } from '../portolan.ts'
import { type Ledger, ledger } from './ledger.ts'
import { load } from './load.ts'
import { fewest, operations, type Scene } from './operations.ts'
import { randomOf } from './random.ts'
import { type Verdict, verdictOf } from './verdict.ts'
import { image, services, world } from './world.ts'

export type TrialOptions = {
  readonly operations: number
  readonly seed: number
  readonly workers: number
  /** Told what is done, and how far it is. */
  readonly said?: (text: string) => void
}

const longestPauseMs = 300

/** Does random things to containers that are asked without a pause; gives what came of the requests. */
export async function trial(options: TrialOptions): Promise<Verdict> {
  await docker('build', '-q', '-t', image, `${import.meta.dirname}/app`)
  await using portolan = await startPortolan({ args: ['--workers', String(options.workers)] })
  const book = ledger()
  await using containers = world(book)
  const scene: Scene = { world: containers, book, random: randomOf(options.seed) }
  await begin(scene, portolan.proxyUrl)
  const stop = new AbortController()
  const way = { url: portolan.proxyUrl, hostOf }
  const loading = load(way, book, options.seed, stop.signal)
  try {
    await operate(scene, options)
  } finally {
    stop.abort()
    await loading
  }
  await containers.close()
  return verdictOf(book)
}

const hostOf = (service: string) => `${service}.localhost`

async function begin({ world: containers }: Scene, url: string): Promise<void> {
  for (let at = 0; at < fewest; at++) await containers.start(services.pool, 'at-once')
  await containers.start(services.deaf, 'never')
  await containers.start(services.single, 'at-once')
  for (const service of Object.values(services)) {
    await eventually(async () => (await ask(url, hostOf(service))).status === 200)
  }
}

/** Each in its turn, all of them before one comes again, unless it is not possible. */
async function operate(scene: Scene, { operations: count, said = () => {} }: TrialOptions) {
  const { book, random, world: containers } = scene
  let deck: string[] = []
  for (let done = 0; done < count;) {
    if (deck.length === 0) deck = random.shuffled(Object.keys(operations))
    const name = deck.pop() ?? ''
    const operation = operations[name]
    if (!operation || operation.isPossible?.(containers) === false) continue
    await pause(random.between(0, longestPauseMs))
    const noted = book.operation(name, operation.service)
    await operation.act(scene)
    noted.toMs = Date.now()
    said(`${++done} ${name}: ${noted.toMs - noted.fromMs} ms, ${soFar(book)}`)
  }
}

function soFar({ counts, failures }: Ledger): string {
  const requests = [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ')
  return `${requests}, ${failures.length} not answered`
}
