import { fileURLToPath } from 'node:url'

import { z } from 'zod'

import { cpuSeconds } from '../process.ts'
import { median, table } from '../statistics.ts'
import { outputOf, pinning, startServer } from './children.ts'
import { type Peer, startPeers } from './peers.ts'

export type ForwardOptions = {
  readonly runs: number
  readonly seconds: number
}

/** What one run cost: CPU microseconds of the proxy for each request, and requests in a second. */
type Run = { readonly micros: number; readonly perSecond: number }
/** Sends requests for some seconds, with a body of `bytes` if that is not 0; how many were answered. */
type Load = (port: number, bytes: number, seconds: number) => Promise<number>

const backendScript = new URL('backend.ts', import.meta.url)
const loadScript = new URL('load.ts', import.meta.url)
const connections = 64
const warmUpSeconds = 1
const kinds = [
  { name: 'GET of 6 bytes', bytes: 0 },
  { name: 'POST of 10 KiB', bytes: 10_240 },
]
const countedSchema = z.object({ answered: z.number(), failed: z.number() })

/**
 * Prints what a request costs each proxy. All of them are there all the time and take turns: the one whose turn it is
 * has one core, load and backend have the other. Rejects when a request fails.
 */
export async function measureForward({ runs, seconds }: ForwardOptions): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const pin = await pinning()
  if (pin(0).length === 0) console.log('taskset is not installed or there is one core: not pinned')
  const backend = stack.use(await startServer([...pin(1), ...node(backendScript)]))
  const peers = await startPeers(backend.port, pin(0), stack)
  const load = loadFrom(pin(1))
  for (const { name, bytes } of kinds) {
    for (const { port } of [backend, ...peers]) await load(port, bytes, warmUpSeconds)
    const direct = (await load(backend.port, bytes, seconds)) / seconds
    const found = new Map(peers.map((peer): [Peer, Run[]] => [peer, []]))
    for (let turn = 0; turn < runs; turn++) {
      for (const [peer, list] of found) list.push(await measure(peer, load, bytes, seconds))
    }
    console.log(`\n${name}, ${connections} connections, ${runs} runs of ${seconds} s\n`)
    console.log(table([head, ...rowsOf(found)]))
    console.log(`\nload and backend without a proxy: ${direct.toFixed(0)} requests/s`)
  }
}

const head = [
  'proxy',
  'CPU µs per request',
  'lowest to highest',
  'compared',
  'requests/s',
  'CPU % of a core',
]

/** `compared`: with the first one, turn by turn, so that what slows down a whole turn cancels out. */
function rowsOf(found: ReadonlyMap<Peer, readonly Run[]>): string[][] {
  const [first = []] = found.values()
  return [...found].map(([{ name }, list]) => {
    const micros = list.map((run) => run.micros)
    const ratios = micros.map((one, turn) => one / (first[turn]?.micros ?? NaN))
    return [
      name,
      median(micros).toFixed(0),
      `${Math.min(...micros).toFixed(0)} to ${Math.max(...micros).toFixed(0)}`,
      `× ${median(ratios).toFixed(2)}`,
      median(list.map(({ perSecond }) => perSecond)).toFixed(0),
      median(list.map((run) => (run.micros * run.perSecond) / 1e4)).toFixed(0),
    ]
  })
}

async function measure(peer: Peer, load: Load, bytes: number, seconds: number): Promise<Run> {
  const before = await cpuSeconds(peer.pid)
  const answered = await load(peer.port, bytes, seconds)
  const used = (await cpuSeconds(peer.pid)) - before
  return { micros: (used / answered) * 1e6, perSecond: answered / seconds }
}

function loadFrom(pin: readonly string[]): Load {
  return async (port, bytes, seconds) => {
    const args = [port, seconds, connections, bytes].map(String)
    const output = await outputOf([...pin, ...node(loadScript), ...args])
    const { answered, failed } = countedSchema.parse(JSON.parse(output))
    if (failed > 0) throw new Error(`${failed} of ${answered + failed} requests failed`)
    return answered
  }
}

function node(script: URL): string[] {
  return [process.execPath, fileURLToPath(script)]
}
