import { cpuSeconds } from '../process.ts'
import { median, table } from '../statistics.ts'
import type { Peer } from './peers/peers.ts'

/** How each peer is measured. */
export type How = {
  readonly runs: number
  /** Of one run. */
  readonly seconds: number
  /** What a command is begun with, so that it runs on the load's core. */
  readonly pin: readonly string[]
}

/** What one run cost: CPU microseconds of the proxy for each unit of work, and units in a second. */
export type Run = { readonly micros: number; readonly perSecond: number }

/** Has a peer do some work; how many units it did. */
export type Work = (peer: Peer) => Promise<number>

/** Runs `work` on each peer in turn, `runs` times. */
export async function takeTurns(
  peers: readonly Peer[],
  runs: number,
  work: Work,
): Promise<Map<Peer, Run[]>> {
  const found = new Map(peers.map((peer): [Peer, Run[]] => [peer, []]))
  for (let turn = 0; turn < runs; turn++) {
    for (const [peer, list] of found) list.push(await measured(peer, work))
  }
  return found
}

async function measured(peer: Peer, work: Work): Promise<Run> {
  const [before, began] = [await cpuSeconds(peer.pid), performance.now()]
  const units = await work(peer)
  const used = (await cpuSeconds(peer.pid)) - before
  return {
    micros: (used / units) * 1e6,
    perSecond: units / ((performance.now() - began) / 1000),
  }
}

/**
 * A row for each peer. `Portolan ×`: what a unit costs Portolan, compared with this peer turn by turn, so that what
 * slows down a whole turn cancels out.
 */
export function tableOf(
  found: ReadonlyMap<Peer, readonly Run[]>,
  unit: string,
  targets: Readonly<Record<string, number>>,
): string {
  const head = ['proxy', `CPU µs per ${unit}`, 'range', 'Portolan ×', 'target', `${unit}s/s`]
  const ours = [...found].find(([{ name }]) => name === 'Portolan')?.[1] ?? []
  const rows = [...found].map(([{ name }, runs]) => {
    const micros = runs.map((run) => run.micros)
    const ratios = micros.map((one, turn) => (ours[turn]?.micros ?? NaN) / one)
    return [
      name,
      median(micros).toFixed(1),
      `${Math.min(...micros).toFixed(1)} to ${Math.max(...micros).toFixed(1)}`,
      name === 'Portolan' ? '' : median(ratios).toFixed(2),
      targets[name]?.toFixed(2) ?? '',
      median(runs.map(({ perSecond }) => perSecond)).toFixed(0),
    ]
  })
  return table([head, ...rows])
}
