import { aptInstalled } from '../../test/bed/tools.ts'
import { type Case, cases } from './cases.ts'
import { has, pinning } from './children.ts'
import { measureIdle } from './idle.ts'
import { measureLatency } from './latency.ts'
import { loadByWrk } from './load/wrk.ts'
import { type Peer, startWorld, type World } from './peers/peers.ts'
import { host } from './peers/portolan.ts'
import { measureTls } from './tls.ts'
import { measureBulk, measureConnections, measureMessages } from './tunnels.ts'
import { type How, tableOf, takeTurns, type Work } from './turns.ts'

export type HttpOptions = {
  readonly runs: number
  readonly seconds: number
  /** Names of cases; all if there are none. */
  readonly only: readonly string[]
}

const connections = 64
/** V8 compiles a hot function only after it has run for a while. */
const warmUpSeconds = 5
const programs = { wrk: 'wrk', nginx: 'nginx-light', haproxy: 'haproxy' } as const

/**
 * Prints what a request, a message, a MiB costs Portolan and its peers. All of them are there all the time and take
 * turns: the one whose turn it is has one core, load and backend have the other. Rejects when a request fails.
 */
export async function measureHttp({ runs, seconds, only }: HttpOptions): Promise<void> {
  const unknown = only.find((name) => !measurements.has(name))
  if (unknown !== undefined) {
    throw new Error(`no case ${unknown}; there are ${[...measurements.keys()].join(', ')}`)
  }
  await bringPrograms()
  await using stack = new AsyncDisposableStack()
  const pin = await pinning()
  if (pin(0).length === 0) console.log('taskset is not installed or there is one core: not pinned')
  const world = await startWorld(pin, stack)
  const how = { runs, seconds, pin: pin(1) }
  for (const [name, measure] of measurements) {
    if (only.length === 0 || only.includes(name)) await measure(world, how)
  }
}

/** By what `--case` calls them, in their order. */
const measurements: ReadonlyMap<string, (world: World, how: How) => Promise<void>> = new Map([
  ...cases.map((one) => [one.name, measureCase.bind(undefined, one)] as const),
  ['latency', measureLatency],
  ['tls', measureTls],
  ['messages', measureMessages],
  ['connections', measureConnections],
  ['bulk', measureBulk],
  ['idle', (world: World, { pin }: How) => measureIdle(world, pin)],
])

async function measureCase(one: Case, world: World, { runs, seconds, pin }: How): Promise<void> {
  const peers = one.peers.flatMap((name) => world.peers.get(name) ?? [])
  const load = (peer: Peer, time: number) => {
    const url = `http://127.0.0.1:${peer.httpPort}`
    return loadByWrk({ url, host, request: one.request, seconds: time, connections, pin })
  }
  const work: Work = (peer) => load(peer, seconds)
  for (const peer of peers) await load(peer, warmUpSeconds)
  const found = await takeTurns(peers, runs, work)
  console.log(
    `\n## ${one.name}\n\n${one.what}, ${connections} connections, ${runs} runs of ${seconds} s\n`,
  )
  console.log(tableOf(found, 'request', one.targets))
}

async function bringPrograms(): Promise<void> {
  const missing: string[] = []
  for (const [command, name] of Object.entries(programs)) {
    if (!(await has(command))) missing.push(name)
  }
  if (missing.length > 0 && !(await aptInstalled(missing))) {
    throw new Error(`this benchmark needs ${missing.join(', ')}; install them`)
  }
}
