import { node, outputOf } from './children.ts'
import { loadByWrk } from './load/wrk.ts'
import type { Peer, World } from './peers/peers.ts'
import { tlsHost as host } from './peers/portolan.ts'
import { tableOf, takeTurns, type Work, type How } from './turns.ts'

const connections = 64
const warmUpSeconds = 5
const targets = { nginx: 1.3 }

/** Prints what a request costs over TLS: on connections that stay, and with a resumed handshake for each. */
export async function measureTls(world: World, { runs, seconds, pin }: How): Promise<void> {
  const peers = ['Portolan', 'nginx'].flatMap((name) => world.peers.get(name) ?? [])
  const kept = (peer: Peer, time: number) => {
    const url = `https://127.0.0.1:${peer.httpsPort}`
    return loadByWrk({ url, host, request: { path: '/small' }, seconds: time, connections, pin })
  }
  const resumed = async (peer: Peer, time: number) => {
    const script = node(new URL('load/resumed.ts', import.meta.url))
    const args = [peer.httpsPort, time, connections, host].map(String)
    return Number(await outputOf([...pin, ...script, ...args]))
  }
  for (const [what, load] of [
    ['kept connections', kept],
    ['a resumed handshake for each', resumed],
  ] as const) {
    for (const peer of peers) await load(peer, warmUpSeconds)
    const work: Work = (peer) => load(peer, seconds)
    const found = await takeTurns(peers, runs, work)
    console.log(`\n## tls, ${what}\n\nGET of 6 bytes, ${connections} clients, ${runs} runs\n`)
    console.log(tableOf(found, 'request', targets))
  }
}
