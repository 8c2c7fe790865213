import { node, outputOf } from './children.ts'
import type { Peer, World } from './peers/peers.ts'
import { tableOf, takeTurns, type How } from './turns.ts'

const connections = 32
const mib = 256
const targets = { HAProxy: 1.5 }

/** Prints what a message and its answer cost on a WebSocket and on a TCP relay. */
export async function measureMessages(world: World, { runs, seconds, pin }: How): Promise<void> {
  for (const kind of ['websocket', 'tcp']) {
    for (const bytes of [64, 16_384]) {
      const peers = peersFor(world, kind)
      const work = async (peer: Peer) => {
        const script = node(new URL('load/messages.ts', import.meta.url))
        const port = kind === 'tcp' ? peer.tcpPort : peer.httpPort
        const args = [port, seconds, connections, kind, bytes].map(String)
        return Number(await outputOf([...pin, ...script, ...args]))
      }
      for (const peer of peers) await work(peer)
      const found = await takeTurns(peers, runs, work)
      console.log(
        `\n## messages, ${kind}, ${bytes} bytes\n\n${connections} connections, ${runs} runs\n`,
      )
      console.log(tableOf(found, 'round trip', targets))
    }
  }
}

/** Prints what a connection costs a TCP relay, with one message and its answer. */
export async function measureConnections(world: World, { runs, seconds, pin }: How): Promise<void> {
  const peers = peersFor(world, 'tcp')
  const work = async (peer: Peer) => {
    const script = node(new URL('load/connections.ts', import.meta.url))
    const args = [peer.tcpPort, seconds, connections].map(String)
    return Number(await outputOf([...pin, ...script, ...args]))
  }
  for (const peer of peers) await work(peer)
  const found = await takeTurns(peers, runs, work)
  console.log(`\n## connections\n\n${connections} clients of TCP, ${runs} runs\n`)
  console.log(tableOf(found, 'connection', {}))
}

/** Prints what a MiB costs a TCP relay, from the endpoint and to it. */
export async function measureBulk(world: World, { runs, pin }: How): Promise<void> {
  for (const [direction, name] of [
    ['D', 'from the endpoint'],
    ['U', 'to the endpoint'],
  ]) {
    const peers = peersFor(world, 'tcp')
    const work = async (peer: Peer) => {
      const script = node(new URL('load/bulk.ts', import.meta.url))
      const output = await outputOf([
        ...pin,
        ...script,
        String(peer.tcpPort),
        String(mib),
        direction ?? '',
      ])
      if (output.trim() !== 'done') throw new Error(`the relay of ${peer.name} broke off`)
      return mib
    }
    const found = await takeTurns(peers, runs, work)
    console.log(`\n## bulk, ${name}\n\none connection, ${runs} runs of ${mib} MiB\n`)
    console.log(tableOf(found, 'MiB', targets))
  }
}

function peersFor({ peers }: World, kind: string): Peer[] {
  const names = kind === 'tcp' ? ['Portolan', 'HAProxy'] : ['Portolan', 'nginx', 'HAProxy']
  return names.flatMap((name) => peers.get(name) ?? [])
}
