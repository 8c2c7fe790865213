import { expect, test } from 'vitest'

import { bed, catalogOf, instance, pause } from '../bed.ts'
import { get, host, ok, wireClient, wireEndpoint } from './wire.ts'

/** An endpoint that says nothing but what the test has it say, and a proxy before it. */
async function scene() {
  const service = await wireEndpoint(({ socket }, piece) => {
    for (const [, path = ''] of piece.matchAll(/^GET (\/now\S*)/gm)) socket.write(ok(path))
  })
  const proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  return {
    service,
    port: proxy.port,
    /** Sends `bytes` on a new connection, and waits until an endpoint has all that is like `pattern`. */
    async asked(bytes: string, pattern: RegExp) {
      const before = service.all.length
      const client = wireClient(proxy.port)
      client.send(bytes)
      await expect.poll(() => service.all[before]?.text).toMatch(pattern)
      const endpoint = service.all[before]
      if (!endpoint) throw new Error('nobody came')
      return { client, endpoint, [Symbol.dispose]: () => client.socket.destroy() }
    },
    async [Symbol.asyncDispose]() {
      await proxy.stop()
      await service[Symbol.asyncDispose]()
    },
  }
}

test('a client that closes its half before a request, or within a head, is closed', async () => {
  await using at = await scene()
  for (const bytes of ['', 'GET / HT', `GET / HTTP/1.1\r\n${host}`, '\r\n', get('/now')]) {
    using client = wireClient(at.port)
    if (bytes !== '') client.send(bytes)
    if (bytes.endsWith('\r\n\r\n')) await client.until(/now$/)
    client.socket.end()
    await client.closed()
  }
})

test('a client that closes its half with its request gets the answer', async () => {
  await using at = await scene()
  using client = wireClient(at.port)
  client.socket.end(get('/now'))
  expect(await client.closed()).toMatch(/^HTTP\/1.1 200 [^]*now$/)
})

test('a client that closes its half with several requests gets all answers', async () => {
  await using at = await scene()
  using client = wireClient(at.port)
  client.socket.end(get('/now/1') + get('/now/2') + get('/now/3').repeat(2) + 'GET /now')
  expect(await client.closed()).toMatch(
    /^[^]*now\/1HTTP[^]*now\/2HTTP[^]*now\/3HTTP[^]*now\/3(HTTP\/1.1 408[^]*)?$/,
  )
})

test('a client that closes its half within a body is closed, and so is the endpoint', async () => {
  await using at = await scene()
  for (const framed of [
    'Content-Length: 9\r\n\r\nhalf',
    'Transfer-Encoding: chunked\r\n\r\n9\r\nhalf',
  ]) {
    using asked = await at.asked(`POST / HTTP/1.1\r\n${host}${framed}`, /half$/)
    asked.client.socket.end()
    expect(await asked.client.closed()).toBe('')
    await expect.poll(() => asked.endpoint.isClosed).toBe(true)
  }
})

test('a client that leaves while nothing has come yet takes the endpoint’s connection with it', async () => {
  await using at = await scene()
  for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
    using asked = await at.asked(get('/later'), /later/)
    await pause(1000)
    asked.client.socket[leave]()
    await expect.poll(() => asked.endpoint.isClosed).toBe(true)
  }
})

const begun = 'HTTP/1.1 200 OK\r\nContent-Length: 6000000\r\n\r\nabc'

test('a client that closes its half during an answer gets the rest', async () => {
  await using at = await scene()
  using asked = await at.asked(get('/later'), /later/)
  asked.endpoint.socket.write(begun)
  await asked.client.until(/abc$/)
  asked.client.socket.end()
  asked.endpoint.socket.write('d'.repeat(6_000_000 - 3))
  expect((await asked.client.closed()).match(/abcd*$/)?.[0]).toHaveLength(6_000_000)
})

test('a client that leaves during an answer takes the endpoint’s connection with it', async () => {
  await using at = await scene()
  for (const leave of ['destroy', 'resetAndDestroy'] as const) {
    using asked = await at.asked(get('/later'), /later/)
    asked.endpoint.socket.write(begun)
    await asked.client.until(/abc$/)
    asked.client.socket[leave]()
    // nobody can tell that it has not closed one half only before there is more for it
    const more = setInterval(() => asked.endpoint.socket.write('more'), 10)
    await expect.poll(() => asked.endpoint.isClosed).toBe(true)
    clearInterval(more)
  }
})

test('each side of a tunnel may close its half; what is on its way arrives', async () => {
  await using at = await scene()
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
  for (const who of ['client', 'endpoint'] as const) {
    using asked = await at.asked(get('/talk', upgrade), /talk/)
    const { client, endpoint } = asked
    endpoint.socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n')
    await client.until(/101 [^]*\r\n\r\n/)
    const [from, to] =
      who === 'client'
        ? [client.socket, () => endpoint.text]
        : [endpoint.socket, () => client.received()]
    from.end('last words')
    await expect.poll(to).toMatch(/last words$/)
    await client.closed()
    await expect.poll(() => endpoint.isClosed).toBe(true)
  }
})
