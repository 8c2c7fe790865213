import { expect, test } from 'vitest'

import { Pieces } from '../../src/proxy/exchange/pieces.ts'
import { bed, catalogOf, instance } from './bed.ts'
import { host, wireClient, wireEndpoint } from './hostile/wire.ts'
import { inside } from './inside.ts'

test('pieces of any size stay in order, small ones together', () => {
  const pieces = new Pieces()
  const wanted: Buffer[] = []
  for (let at = 0; at < 10_000; at++) {
    const size = at % 1000 === 999 ? 5000 : 1 + (at % 7)
    wanted.push(Buffer.alloc(size, at % 251))
    pieces.add(Buffer.from(wanted.at(-1) ?? ''))
  }
  expect(Buffer.concat(pieces.all()).equals(Buffer.concat(wanted))).toBe(true)
  expect(pieces.all().length).toBeLessThan(50)
  const copy = pieces.copy()
  copy.add(Buffer.from('more'))
  expect(Buffer.concat(pieces.all()).equals(Buffer.concat(wanted))).toBe(true)
  expect(Buffer.concat(copy.all()).subarray(-4).toString()).toBe('more')
})

/** How many there are in a worker. */
const buffers = `process.getBuiltinModule('node:v8').queryObjects(Uint8Array, { format: 'count' })`

test('content that comes byte by byte is kept in few buffers', async () => {
  let arrived = () => {}
  await using service = await wireEndpoint(() => arrived())
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  using worker = await inside()
  using client = wireClient(proxy.port)
  /** Each in a read of its own. */
  const send = (text: string) =>
    new Promise<void>((resolve) => {
      arrived = resolve
      client.send(text)
    })
  await send(`POST / HTTP/1.1\r\n${host}Content-Length: 5000\r\n\r\n0`)
  await send('1')
  const before = Number(await worker.evaluate(buffers))
  for (let at = 0; at < 1000; at++) await send('b')
  expect(Number(await worker.evaluate(buffers)) - before).toBeLessThan(200)
}, 120_000)
