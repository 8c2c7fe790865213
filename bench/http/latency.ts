import { z } from 'zod'

import { median, table } from '../statistics.ts'
import { node, outputOf } from './children.ts'
import type { How } from './http.ts'
import { loadByWrk } from './load/wrk.ts'
import type { Peer, World } from './peers/peers.ts'
import { host } from './peers/portolan.ts'

const connections = 64
const names = ['Portolan', 'nginx', 'HAProxy']
const timesSchema = z.object({
  p50: z.number(),
  p99: z.number(),
  sent: z.number(),
  wanted: z.number(),
})

/** Prints how long requests take at half the rate at which nginx has no time left. */
export async function measureLatency(world: World, { runs, seconds, pin }: How): Promise<void> {
  const peers = names.flatMap((name) => world.peers.get(name) ?? [])
  const nginx = world.peers.get('nginx')
  if (!nginx) throw new Error('nginx is not there')
  const url = `http://127.0.0.1:${nginx.httpPort}`
  const request = { path: '/small' }
  const most = await loadByWrk({ url, host, request, seconds: 3, connections, pin })
  const rate = Math.round(most / 3 / 2)
  const found = new Map(peers.map((peer) => [peer, [] as z.infer<typeof timesSchema>[]]))
  for (let turn = 0; turn < runs; turn++) {
    for (const [peer, list] of found) list.push(await paced(peer, rate, seconds, pin))
  }
  const rows = [...found].map(([{ name }, list]) => {
    const lost = list.reduce((sum, { sent, wanted }) => sum + wanted - sent, 0)
    const [p50, p99] = [list.map((one) => one.p50), list.map((one) => one.p99)]
    return [name, median(p50).toFixed(0), median(p99).toFixed(0), String(lost)]
  })
  console.log(
    `\n## latency\n\nGET of 6 bytes at ${rate} requests/s, ${runs} runs of ${seconds} s\n`,
  )
  console.log(table([['proxy', 'p50 µs', 'p99 µs', 'not answered'], ...rows]))
}

async function paced(peer: Peer, rate: number, seconds: number, pin: readonly string[]) {
  const script = node(new URL('load/paced.ts', import.meta.url))
  const args = [peer.httpPort, seconds, connections, rate].map(String)
  return timesSchema.parse(JSON.parse(await outputOf([...pin, ...script, ...args])))
}
