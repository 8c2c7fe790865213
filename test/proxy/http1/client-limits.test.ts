import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

import { expect, test } from 'vitest'

import { ClientConnection } from '../../../src/proxy/http1/client-connection.ts'
import type { RequestTaker } from '../../../src/proxy/http1/request-taker.ts'
import { ownerOf } from './owner.ts'

/** One connection whose clock the test turns. What it is told is what the client asked for. */
async function served(content: 'none' | 'length') {
  const told: string[] = []
  const { promise: accepted, resolve } = Promise.withResolvers<Socket>()
  const server = createServer({ allowHalfOpen: true }, resolve)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const client = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true }).on(
    'error',
    () => {},
  )
  const socket = await accepted
  let takers = 0
  const owner = ownerOf(takerOf, () => told.push('closed'))
  const connection = new ClientConnection(socket, owner, 0)
  const taker: RequestTaker = {
    onRequest() {
      told.push('request')
      connection.expect(content, 100_000, false)
    },
    copiesContent: () => false,
    onContent: (_, start, end) => told.push(`content ${end - start}`),
    onContentEnd() {},
    onReadAll() {},
    onMalformed(status) {
      told.push(`refused ${status}`)
      connection.refuse()
      connection.end()
    },
    onClientEnd() {},
    onClientGone: () => told.push('left'),
    onClientDrain() {},
    onStash() {},
    onWaiting() {},
    onTick() {},
  }
  function takerOf(): RequestTaker {
    takers++
    return taker
  }
  connection.start()
  return {
    takers: () => takers,
    connection,
    client,
    told,
    /** Sends `text`, which tells something. */
    async send(text: string) {
      const before = told.length
      client.write(text)
      await expect.poll(() => told.length, { timeout: 20_000 }).toBeGreaterThan(before)
    },
    /** Sends `text`, which tells nothing. */
    async sendQuietly(text: string) {
      const before = socket.bytesRead
      client.write(text)
      await expect.poll(() => socket.bytesRead, { timeout: 20_000 }).toBe(before + text.length)
    },
    closed: () => expect.poll(() => told, { timeout: 20_000 }).toContain('closed'),
    [Symbol.dispose]() {
      client.destroy()
      socket.destroy()
      server.close()
    },
  }
}

const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n'

test('a head that is not whole within 10 s is refused, however often a line of it comes', async () => {
  using one = await served('none')
  one.connection.tick(1000)
  await one.sendQuietly('GET / HTTP/1.1\r\n')
  one.connection.tick(6000)
  await one.sendQuietly('Host: a\r\n')
  one.connection.tick(10_900)
  expect(one.told).toEqual([])
  one.connection.tick(11_100)
  expect(one.told).toEqual(['refused 408'])
  let nowMs = 11_100
  const later = () => {
    one.connection.tick((nowMs += 3000))
    return one.told
  }
  await expect.poll(later, { timeout: 20_000 }).toContain('closed')
})

test('a connection on which nothing is asked is closed after 75 s', async () => {
  using one = await served('none')
  one.connection.tick(74_000)
  expect(one.told).toEqual([])
  one.connection.tick(75_100)
  await one.closed()
})

test('at the end of the proxy who has just come is still heard, who has been quiet is not', async () => {
  using one = await served('none')
  one.connection.tick(900)
  one.connection.endIdle(1000)
  await one.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  one.connection.endIdle(0)
  expect(one.told).toEqual(['request'])
  one.connection.next()
  one.connection.tick(2000)
  one.connection.endIdle(1000)
  await one.sendQuietly('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  expect(one.told).toEqual(['request'])
  one.connection.tick(5000)
  await one.closed()
})

test('who takes requests is let go when none has come for 2 s, and the next one has another', async () => {
  using one = await served('none')
  await one.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  one.connection.next()
  one.connection.tick(1900)
  expect(one.told).toEqual(['request'])
  one.connection.tick(2100)
  one.connection.tick(2300)
  expect(one.told).toEqual(['request', 'left'])
  await one.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  one.connection.tick(60_000)
  expect(one.told).toEqual(['request', 'left', 'request'])
  expect(one.takers()).toBe(2)
})

test('content has to come with 100 bytes a second, unless we are who does not read', async () => {
  using one = await served('length')
  await one.send(head)
  await one.send('x'.repeat(6000))
  one.connection.tick(60_100)
  one.connection.pause()
  one.connection.tick(300_000)
  one.connection.resume()
  one.connection.tick(359_000)
  await one.send('x'.repeat(5999))
  expect(one.told).not.toContain('refused 408')
  one.connection.tick(360_500)
  expect(one.told).toContain('refused 408')
})

test('what comes after the last answer is let go for 2 s', async () => {
  using one = await served('length')
  await one.send(head)
  one.connection.end()
  await one.sendQuietly('x'.repeat(50_000))
  one.connection.tick(1900)
  expect(one.told).toEqual(['request'])
  one.connection.tick(2100)
  await one.closed()
})
