import { median, table } from '../statistics.ts'
import { loadByWrk, type Paced, pacedByWrk } from './load/wrk.ts'
import type { Peer, World } from './peers/peers.ts'
import { host } from './peers/portolan.ts'
import type { How } from './turns.ts'

const names = ['Portolan', 'nginx', 'HAProxy']
const request = { path: '/small' }
/** So many that hardly anybody who would ask has to wait for an answer that is late. */
const connections = 256

/** Prints how long requests take at half the rate at which nginx has no time left. */
export async function measureLatency(world: World, { runs, seconds, pin }: How): Promise<void> {
  const peers = names.flatMap((name) => world.peers.get(name) ?? [])
  const nginx = world.peers.get('nginx')
  if (!nginx) throw new Error('nginx is not there')
  const loadOf = ({ httpPort }: Peer, forSeconds: number) => {
    return {
      url: `http://127.0.0.1:${httpPort}`,
      host,
      request,
      seconds: forSeconds,
      connections,
      pin,
    }
  }
  const rate = Math.round((await loadByWrk(loadOf(nginx, 3))) / 3 / 2)
  const found = new Map(peers.map((peer) => [peer, [] as Paced[]]))
  for (const peer of peers) await pacedByWrk(loadOf(peer, seconds), rate)
  for (let turn = 0; turn < runs; turn++) {
    for (const [peer, list] of found) list.push(await pacedByWrk(loadOf(peer, seconds), rate))
  }
  const ours = [...found].find(([{ name }]) => name === 'Portolan')?.[1] ?? []
  const rows = [...found].map(([{ name }, list]) => {
    const of = (key: keyof Paced) => median(list.map((one) => one[key]))
    const times = median(ours.map(({ p99 }, at) => p99 / (list[at]?.p99 ?? NaN))).toFixed(2)
    const perSecond = (of('requests') / seconds).toFixed(0)
    const late = list.map(({ p99 }) => p99)
    return [
      name,
      of('p50').toFixed(0),
      of('p99').toFixed(0),
      `${Math.min(...late)} to ${Math.max(...late)}`,
      name === 'Portolan' ? '' : times,
      perSecond,
    ]
  })
  console.log(
    `\n## latency\n\nGET of 6 bytes, ${rate} requests/s wanted, ${connections} connections, ${runs} runs of ${seconds} s\n`,
  )
  console.log(
    table([['proxy', 'p50 µs', 'p99 µs', 'range', 'p99: Portolan ×', 'requests/s'], ...rows]),
  )
}
