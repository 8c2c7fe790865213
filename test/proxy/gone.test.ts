import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'

import { expect, test } from 'vitest'

import { bed, catalogOf, instance } from './bed.ts'
import { host, wireClient, wireEndpoint } from './hostile/wire.ts'
import { secured, routes } from './http2/client.ts'
import { counted, database, tcpBackend, tcpBed } from './tcp/bed.ts'
import { flooded, standsStill } from './tcp/sockets.ts'

const limitMs = 120_000
/** Long before any time limit. */
const soon = { timeout: 30_000 }
const upload = `POST / HTTP/1.1\r\n${host}Content-Length: 100000000\r\n\r\n`

/** An endpoint that reads nothing. */
function deaf() {
  return wireEndpoint(({ socket }) => void socket.pause())
}

/** How many are under way after `reset`, which ends the only one once all on its way is full. */
async function leftAfter(
  reset: () => void,
  said: () => number,
  running: () => Promise<number | undefined>,
) {
  await expect.poll(running, soon).toBe(1)
  await standsStill(said)
  reset()
  await expect.poll(running, soon).toBe(0)
  return running()
}

test(
  'a client that resets while its endpoint does not keep up is seen to be gone',
  async () => {
    await using service = await deaf()
    await using proxy = await bed()
    proxy.catalog.set(catalogOf([instance({ port: service.port })]))
    const running = () => counted(proxy, 'portolan_http_in_flight{entrypoint="http"}')
    using client = wireClient(proxy.port)
    client.send(upload)
    const said = flooded(client.socket)
    const left = await leftAfter(() => client.socket.resetAndDestroy(), said, running)
    expect(left).toBe(0)
  },
  limitMs,
)

test(
  'the same over TLS',
  async () => {
    await using service = await deaf()
    await using proxy = await secured()
    proxy.catalog.set(catalogOf([instance({ port: service.port, routes })]))
    const running = () => counted(proxy, 'portolan_http_in_flight{entrypoint="https"}')
    const socket = connect({ host: '127.0.0.1', port: proxy.ports.get('https') ?? 0 })
    const client = connectTls({ socket, ca: proxy.ca, servername: 'shop.test' })
    client.on('error', () => {})
    client.write(upload)
    const said = flooded(client)
    const left = await leftAfter(() => socket.resetAndDestroy(), said, running)
    expect(left).toBe(0)
  },
  limitMs,
)

test(
  'a client of TCP that resets while its server does not keep up takes that along',
  async () => {
    await using service = await tcpBackend((socket) => void socket.pause())
    await using proxy = await tcpBed()
    proxy.set(database({ port: service.port }))
    const running = () => counted(proxy, 'portolan_tcp_in_flight{entrypoint="db"}')
    const client = await proxy.connect()
    const said = flooded(client)
    const left = await leftAfter(() => client.resetAndDestroy(), said, running)
    expect(left).toBe(0)
  },
  limitMs,
)
