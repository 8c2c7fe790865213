import { expect, test } from 'vitest'

import { bed, catalogOf, instance, pause } from '../bed.ts'
import { get, host, ok, wireClient, wireEndpoint } from './wire.ts'

const upgrade =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
const big = 'x'.repeat(20_000)
/** It comes in one read, so that the connection to the endpoint is never paused. */
const small = 'x'.repeat(8000)

test('a slow head is a 408, and the connection is closed', async () => {
  await using proxy = await bed({ clientTimes: { headMs: 100 } })
  proxy.catalog.set(catalogOf([]))
  using client = wireClient(proxy.port)
  client.send('GET / HTTP/1.1\r\nHo')
  expect(await client.closed()).toMatch(/^HTTP\/1.1 408 [^]*connection: close/)
})

test('a head that comes byte for byte has no more time than another one', async () => {
  await using proxy = await bed({ clientTimes: { headMs: 300 } })
  proxy.catalog.set(catalogOf([]))
  using client = wireClient(proxy.port)
  const drip = setInterval(() => client.send('A: b\r\n'), 20)
  client.send('GET / HTTP/1.1\r\n')
  client.socket.once('close', () => clearInterval(drip))
  expect(await client.closed()).toMatch(/^HTTP\/1.1 408 /)
})

test('a connection on which nothing is asked is closed without a word', async () => {
  await using proxy = await bed({ clientTimes: { idleMs: 100 } })
  proxy.catalog.set(catalogOf([]))
  using mute = wireClient(proxy.port)
  expect(await mute.closed()).toBe('')
  using empty = wireClient(proxy.port)
  empty.send('\r\n\r')
  empty.send('\n')
  expect(await empty.closed()).toBe('')
})

test('a body that comes too slowly is a 408, and costs its connection and that of the endpoint', async () => {
  await using service = await wireEndpoint(() => {})
  await using proxy = await bed({ clientTimes: { rateMs: 300 } })
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  using client = wireClient(proxy.port)
  client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 100000\r\n\r\na`)
  const drip = setInterval(() => client.send('a'), 50)
  client.socket.once('close', () => clearInterval(drip))
  expect(await client.closed()).toMatch(/^HTTP\/1.1 408 [^]*connection: close\r\n/)
  await expect.poll(() => service.last()?.isClosed).toBe(true)
})

test('a body that waits for 100 while nobody is ready has all the time that its request has', async () => {
  await using service = await wireEndpoint(({ socket, text }) => {
    if (text.endsWith('body')) socket.write(ok('thanks'))
  })
  await using proxy = await bed({ holdMs: 60_000, clientTimes: { rateMs: 1000 } })
  proxy.catalog.set(catalogOf([instance({ port: service.port, state: 'starting' })]))
  using client = wireClient(proxy.port)
  client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 4\r\nExpect: 100-continue\r\n\r\n`)
  client.socket.on('data', (bytes) => {
    if (bytes.includes('100 Continue')) client.send('body')
  })
  // several times as long as a slow body would have
  await pause(3000)
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  await client.until(/^HTTP\/1.1 100 [^]*thanks$/)
})

test('a head that an endpoint never ends is a 504, a body that it does not go on with is cut', async () => {
  await using service = await wireEndpoint(({ socket, text }) => {
    if (text.includes('/head')) socket.write('HTTP/1.1 200 OK\r\nA: ')
    else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab')
  })
  await using proxy = await bed({ firstByteMs: 2000, idleMs: 200 })
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  using head = wireClient(proxy.port)
  head.send(get('/head', 'Connection: close\r\n'))
  expect(await head.closed()).toMatch(/^HTTP\/1.1 504 /)
  using body = wireClient(proxy.port)
  body.send(get('/body'))
  expect(await body.closed()).toMatch(/^HTTP\/1.1 200 [^]*\r\n\r\nab$/)
  await expect.poll(() => service.all.every(({ isClosed }) => isClosed)).toBe(true)
})

test('a client that takes nothing of its answer is cut, and the endpoint let go', async () => {
  await using service = await wireEndpoint(({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    const more = () => {
      while (!socket.destroyed && socket.write(big));
    }
    socket.on('drain', more)
    more()
  })
  await using proxy = await bed({ idleMs: 500 })
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  using client = wireClient(proxy.port)
  client.socket.pause()
  client.send(get('/'))
  await expect.poll(() => service.last()?.isClosed).toBe(true)
  client.socket.resume()
  expect(await client.closed()).not.toContain('\r\n0\r\n\r\n')
})

test('a slow client gets all of an answer after which the connection is closed', async () => {
  const size = 20_000_000
  await using service = await wireEndpoint(({ socket }) => socket.write(ok('y'.repeat(size))))
  await using proxy = await bed({ clientTimes: { lingerMs: 100 } })
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  for (const isHalfClosed of [false, true]) {
    using client = wireClient(proxy.port)
    let bytes = 0
    client.socket.removeAllListeners('data')
    client.socket.on('data', (piece) => {
      bytes += piece.length
      // as slow at the end as it was before
      client.socket.pause()
      setTimeout(() => client.socket.resume(), bytes > size - 5_000_000 ? 20 : 0)
    })
    client.send(get('/', 'Connection: close\r\n'))
    if (isHalfClosed) await expect.poll(() => bytes).toBeGreaterThan(0)
    if (isHalfClosed) client.socket.end()
    await client.closed()
    expect(bytes).toBeGreaterThan(size)
  }
})

test('who asks without end and takes no answer keeps a bounded number of them here', async () => {
  let served = 0
  await using service = await wireEndpoint(({ socket }, piece) => {
    for (const _ of piece.matchAll(/^GET /gm)) {
      served++
      socket.write(ok(small))
    }
  })
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  using client = wireClient(proxy.port)
  const count = 6000
  client.socket.pause()
  client.send(get('/').repeat(count))
  let before = -1
  while (served !== before) {
    before = served
    await pause(1000)
  }
  expect(served).toBeLessThan(count)
  client.socket.resume()
  await expect
    .poll(() => client.received().split('HTTP/1.1 200 OK').length - 1, { timeout: 120_000 })
    .toBe(count)
})

test('requests that pile up behind a slow one are left with the client', async () => {
  const answered = 1000
  let served = 0
  await using service = await wireEndpoint(({ socket }, piece) => {
    for (const _ of piece.matchAll(/^GET /gm)) if (++served <= answered) socket.write(ok('a'))
  })
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  using client = wireClient(proxy.port)
  client.send(get('/', `A: ${'a'.repeat(10_000)}\r\n`).repeat(6000))
  await expect.poll(() => served).toBeGreaterThan(answered)
  // buffers of the kernel take some too
  await pause(1000)
  expect(client.socket.writableLength).toBeGreaterThan(5_000_000)
})

test('a slow client of the answer before keeps nobody else from the connection', async () => {
  const large = 'z'.repeat(8_000_000)
  await using service = await wireEndpoint(({ socket, text }) => {
    socket.write(
      ok(text.endsWith(get('/large').slice(-4)) && text.includes('/small') ? 'small' : large),
    )
  })
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  using slow = wireClient(proxy.port)
  slow.send(get('/large'))
  await slow.until(/z/)
  slow.socket.pause()
  await pause(50)
  slow.socket.resume()
  await expect.poll(() => slow.received().length, { timeout: 60_000 }).toBeGreaterThan(large.length)
  using other = wireClient(proxy.port)
  other.send(get('/small'))
  await other.until(/small$/)
})

test('requests that wait in line are all answered, also if the last comes in two parts', async () => {
  let isFirst = true
  await using service = await wireEndpoint(({ socket }, piece) => {
    for (const [, path = ''] of piece.matchAll(/^GET (\S+)/gm)) {
      // the first answer lets all the others pile up
      setTimeout(() => socket.write(ok(path.slice(0, 2))), isFirst ? 500 : 1)
      isFirst = false
    }
  })
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  using client = wireClient(proxy.port)
  const lines = `A: ${'a'.repeat(20_000)}\r\n`
  const last = get('/z', lines)
  client.send(get('/a', lines).repeat(8) + last.slice(0, 5000))
  await client.until(/^([^]*\/a){8}$/)
  client.send(last.slice(5000))
  await client.until(/\/z$/)
})

test('what follows an upgrade belongs to it, also if it comes before the answer', async () => {
  await using service = await wireEndpoint(({ socket, text }) => {
    if (text.endsWith('early')) socket.write('heard early')
    else if (text.endsWith('late')) socket.write('heard late')
    else if (text.endsWith('\r\n\r\n')) {
      setTimeout(() => {
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
        )
      }, 50)
    }
  })
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  using client = wireClient(proxy.port)
  client.send(`${get('/', upgrade)}early`)
  await client.until(/heard early$/)
  client.send('late')
  await client.until(/heard late$/)
})
