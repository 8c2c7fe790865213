import { expect, test } from 'vitest'

import { Parked } from '../../src/proxy/exchange/parked.ts'
import { bed, catalogOf, instance } from './bed.ts'
import { buffered, overflows } from './buffered.ts'
import { get, host, ok, wireClient, wireEndpoint } from './hostile/wire.ts'

const limitMs = 120_000
const bufferBytes = 512 * 1024

test('who has waited longest is given up, until the rest has room', () => {
  const given: string[] = []
  const parked = new Parked(100)
  const parker = (name: string) => ({ giveUp: () => void given.push(name) })
  const [one, two, three] = [parker('one'), parker('two'), parker('three')]
  parked.wait(one, 40)
  parked.wait(two, 40)
  parked.wait(one, 50)
  expect({ bytes: parked.bytes, given }).toEqual({ bytes: 90, given: [] })
  parked.gone(one)
  parked.wait(one, 50)
  parked.wait(three, 20)
  expect({ bytes: parked.bytes, given }).toEqual({ bytes: 70, given: ['two'] })
  expect(parked.hold(60)).toBe(true)
  expect({ bytes: parked.bytes, given }).toEqual({ bytes: 80, given: ['two', 'one'] })
  expect(parked.hold(90)).toBe(false)
  expect({ bytes: parked.bytes, lost: parked.lost }).toEqual({ bytes: 60, lost: 4 })
  parked.release(60)
  parked.gone(three)
  expect(parked.bytes).toBe(0)
})

test(
  'clients that take nothing share a limit, and cost nobody else an answer',
  async () => {
    await using service = await wireEndpoint(({ socket, text }) => {
      if (text.includes('/small')) return void socket.write(ok('small'))
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const more = () => {
        while (!socket.destroyed && socket.write('x'.repeat(20_000)));
      }
      socket.on('drain', more)
      more()
    })
    await using proxy = await bed({ bufferBytes })
    proxy.catalog.set(catalogOf([instance({ port: service.port })]))
    const slow = Array.from({ length: 16 }, () => wireClient(proxy.port))
    let closed = 0
    for (const client of slow) {
      client.socket.pause()
      client.socket.on('close', () => closed++)
      client.send(get('/large'))
    }
    await expect.poll(() => overflows(proxy), { timeout: 60_000 }).toBeGreaterThan(0)
    expect(await buffered(proxy)).toBeLessThanOrEqual(bufferBytes)
    // as many as there is room for
    const cut = () => service.all.filter(({ isClosed }) => isClosed).length
    await expect.poll(cut, { timeout: 60_000 }).toBeGreaterThan(0)
    expect(cut()).toBeLessThan(slow.length)
    using quick = wireClient(proxy.port)
    quick.send(get('/small'))
    await quick.until(/small$/)
    for (const client of slow) client.socket.destroy()
    await expect.poll(() => buffered(proxy), { timeout: 60_000 }).toBe(0)
  },
  limitMs,
)

test(
  'requests whose bodies there is no room for are 503, those that wait are served',
  async () => {
    await using service = await wireEndpoint(({ socket }, piece) => {
      for (const _ of piece.matchAll(/last/g)) socket.write(ok('thanks'))
    })
    await using proxy = await bed({ bufferBytes, holdMs: 60_000 })
    proxy.catalog.set(catalogOf([instance({ port: service.port, state: 'starting' })]))
    const body = `${'b'.repeat(40_000)}last`
    const clients = Array.from({ length: 30 }, () => wireClient(proxy.port))
    for (const client of clients) {
      client.send(`POST / HTTP/1.1\r\n${host}Content-Length: ${body.length}\r\n\r\n${body}`)
    }
    const having = (text: string) =>
      clients.filter(({ received }) => received().includes(text)).length
    await expect.poll(() => having(' 503 '), { timeout: 60_000 }).toBeGreaterThan(0)
    const isSettled = async () => having(' 503 ') === (await overflows(proxy))
    await expect.poll(isSettled, { timeout: 60_000 }).toBe(true)
    expect(await buffered(proxy)).toBeLessThanOrEqual(bufferBytes)
    proxy.catalog.set(catalogOf([instance({ port: service.port })]))
    await expect
      .poll(() => having('thanks') + having(' 503 '), { timeout: 60_000 })
      .toBe(clients.length)
    expect(having('thanks')).toBeGreaterThan(5)
    await expect.poll(() => buffered(proxy), { timeout: 60_000 }).toBe(0)
    for (const client of clients) client.socket.destroy()
  },
  limitMs,
)
