import { setImmediate } from 'node:timers/promises'

import { referenceProxy } from '../../reference/http-proxy.ts'
import { bed, catalogOf, instance } from '../bed.ts'
import { type Chance, chanceOf, piecesOf } from '../fuzz/chance.ts'
import { wireClient, wireEndpoint } from '../hostile/wire.ts'

const switching =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-A: b\r\n\r\n'
const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'

/** Sends what it gets behind the head back, after a greeting that comes together with its own head. */
function echoing() {
  return wireEndpoint((arrived, piece) => {
    const end = arrived.text.indexOf('\r\n\r\n') + 4
    const before = arrived.text.length - piece.length
    if (end < 4) return
    if (before < end) arrived.socket.write(`${switching}greeting `, 'latin1')
    const content = piece.slice(Math.max(0, end - before))
    if (content !== '') arrived.socket.write(content, 'latin1')
  })
}

/** What differs between us and http-proxy in what comes out of `cases` upgraded connections. */
export async function compareTunnels(cases: number, seed: number): Promise<readonly string[]> {
  const chance = chanceOf(seed)
  const failures: string[] = []
  await using endpoint = await echoing()
  await using reference = await referenceProxy(endpoint.port)
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: endpoint.port })]))
  for (let at = 0; at < cases; at++) {
    const content = chance.pick(['\x81\x05hello', '\0', '\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n'])
    const text = content.repeat(1 + chance.below(chance.pick([2, 100, 10_000])))
    const [ours, theirs] = await Promise.all(
      [proxy.port, reference.port].map((port) => through(port, chance, text)),
    )
    if (ours !== theirs || ours !== `101 greeting ${text}`) {
      failures.push(JSON.stringify([ours, theirs].map((one) => one?.slice(0, 300))))
    }
  }
  return failures
}

/** Status and all that comes behind the head, when as much has come as was sent. */
async function through(port: number, chance: Chance, text: string): Promise<string> {
  using client = wireClient(port)
  client.send(`GET / HTTP/1.1\r\nHost: shop.test\r\n${upgrade}\r\n`)
  await client.until(/\r\n\r\ngreeting /)
  for (const piece of piecesOf(chance, text)) {
    if (piece !== '') client.send(piece)
    if (chance.once(2)) await setImmediate()
  }
  const start = client.received().indexOf('\r\n\r\n') + 4
  const due = start + 'greeting '.length + text.length
  await client.until(new RegExp(`^[^]{${due}}`))
  return `${client.received().slice(9, 12)} ${client.received().slice(start)}`
}
