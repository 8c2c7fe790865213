import { once } from 'node:events'

import { expect, test } from 'vitest'

import { backend, bed, catalogOf, echo, instance, named, raw } from './bed.ts'
import { client, scripted } from './scripted.ts'

const host = 'Host: shop.test\r\n'
const get = (path: string) => `GET ${path} HTTP/1.1\r\n${host}\r\n`

async function proxyTo(port: number) {
  const proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port })]))
  return proxy
}

test('requests that come in one piece are answered in their order, however long each takes', async () => {
  await using service = await backend((request, response) => {
    const ms = request.url === '/1' ? 150 : 0
    setTimeout(() => response.end(`answer to ${request.url}`), ms)
  })
  await using proxy = await proxyTo(service.port)
  using asking = await client(proxy.port)
  const paths = Array.from({ length: 50 }, (_, at) => `/${at + 1}`)
  asking.write(paths.map(get).join(''))
  const answers = await asking.until('answer to /50')
  expect(answers.match(/answer to \/\d+/g)).toEqual(paths.map((path) => `answer to ${path}`))
})

test('a request behind a body is found, whether counted or in chunks', async () => {
  await using service = await echo()
  await using proxy = await proxyTo(service.port)
  using asking = await client(proxy.port)
  const counted = `POST /a HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nfirst`
  const chunks = `POST /b HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nsec\r\n3\r\nond\r\n0\r\nHost: evil\r\n\r\n`
  const all = counted + chunks + get('/c')
  for (const byte of all) asking.write(byte)
  const answers = await asking.until('"body":""')
  expect(answers.match(/"url":"[^"]*"|"body":"[^"]*"/g)).toEqual([
    '"url":"/a"',
    '"body":"first"',
    '"url":"/b"',
    '"body":"second"',
    '"url":"/c"',
    '"body":""',
  ])
  expect(answers).not.toContain('evil')
})

test('the endpoint gets chunks without extensions and trailers, and a length as we write it', async () => {
  await using service = await scripted((socket) => {
    if (/\r\n0\r\n\r\n$|abc$/.test(service.asked.join(''))) {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    }
  })
  await using proxy = await proxyTo(service.port)
  using asking = await client(proxy.port)
  asking.write(
    `PUT / HTTP/1.1\r\n${host}transfer-encoding:  Chunked\r\n\r\n3;x\r\nabc\r\n0;y\r\nA: b\r\n\r\n`,
  )
  await asking.until('\r\n\r\nok')
  expect(service.asked.join('')).toMatch(
    /\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n$/,
  )
  service.asked.length = 0
  asking.write(`PUT / HTTP/1.1\r\n${host}Content-Length:\t3 \r\n\r\nabc`)
  await asking.until('\r\n\r\nok')
  expect(service.asked.join('')).toMatch(/\r\ncontent-length: 3\r\n\r\nabc$/)
})

test('an endpoint that closes at the end of its answer is whole chunks for the client', async () => {
  await using service = await scripted((socket) => {
    socket.write('HTTP/1.0 200 Fine\r\nA: b\r\n\r\nsome')
    setTimeout(() => socket.end(' more'), 50)
  })
  await using proxy = await proxyTo(service.port)
  using asking = await client(proxy.port)
  asking.write(get('/'))
  const answer = await asking.until('0\r\n\r\n')
  expect(answer).toMatch(/^HTTP\/1\.1 200 Fine\r\nA: b\r\n/)
  expect(answer).toMatch(/\r\n\r\n4\r\nsome\r\n5\r\n more\r\n0\r\n\r\n$/)
})

test('HTTP/1.0 gets no chunks, and keeps its connection only if it asks for that and a length is known', async () => {
  await using service = await backend((request, response) => {
    if (request.url === '/chunks') response.write('in ')
    response.end('pieces')
  })
  await using proxy = await proxyTo(service.port)
  const old = `GET /chunks HTTP/1.0\r\n${host}Connection: keep-alive\r\n\r\n`
  const chunked = await raw(proxy.port, old)
  expect(chunked).toMatch(/\r\nconnection: close\r\n\r\nin pieces$/)
  expect(chunked).not.toMatch(/transfer-encoding/i)
  using asking = await client(proxy.port)
  for (const _ of [1, 2]) {
    asking.write(old.replace('/chunks', '/'))
    expect(await asking.until('pieces')).toMatch(/\r\nconnection: keep-alive\r\n/)
  }
  asking.write(`GET / HTTP/1.0\r\n${host}\r\n`)
  expect(await asking.rest()).toMatch(/\r\nconnection: close\r\n/)
})

test('a client that closes its half gets the rest of an answer that has begun, and then the connection ends', async () => {
  const release = Promise.withResolvers<void>()
  await using service = await backend((_, response) => {
    response.write('early ')
    void release.promise.then(() => response.end('late'))
  })
  await using proxy = await proxyTo(service.port)
  using asking = await client(proxy.port)
  asking.write(get('/'))
  await asking.until('early')
  asking.socket.end()
  await once(asking.socket, 'finish')
  release.resolve()
  expect(await asking.rest()).toMatch(/late\r\n0\r\n\r\n$/)
})

test('a client that closes its half while nothing has come has given up', async () => {
  await using service = await scripted(() => {})
  await using proxy = await proxyTo(service.port)
  using asking = await client(proxy.port)
  asking.write(get('/'))
  await expect.poll(() => service.asked.length, { timeout: 20_000 }).toBe(1)
  asking.socket.end()
  expect(await asking.rest()).toBe('')
  await expect.poll(() => service.sockets.size, { timeout: 20_000 }).toBe(0)
})

test('204 and 304 have no content, and only 304 may tell a length', async () => {
  await using service = await backend((request, response) => {
    const status = request.url === '/304' ? 304 : 204
    response.writeHead(status, status === 304 ? { 'content-length': 7 } : {}).end()
  })
  await using proxy = await proxyTo(service.port)
  using asking = await client(proxy.port)
  asking.write(get('/204'))
  expect(await asking.until('\r\n\r\n')).not.toMatch(/content-length|transfer-encoding/i)
  asking.write(get('/304'))
  expect(await asking.until('\r\n\r\n')).toMatch(/content-length: 7/i)
})

test('an answer before the end of a body arrives although the client goes on sending', async () => {
  await using service = await scripted((socket) => {
    socket.write('HTTP/1.1 413 Too Much\r\nContent-Length: 3\r\n\r\nbig')
  })
  await using proxy = await proxyTo(service.port)
  using asking = await client(proxy.port)
  asking.write(`POST / HTTP/1.1\r\n${host}Content-Length: 1000000\r\n\r\n${'x'.repeat(100_000)}`)
  const answer = await asking.until('big')
  asking.write('x'.repeat(100_000))
  expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*\r\nconnection: close\r\n/)
  await expect.poll(() => service.sockets.size, { timeout: 20_000 }).toBe(0)
})

test('a malformed chunk of a request is a 400, and the endpoint’s connection is cut', async () => {
  await using service = await scripted(() => {})
  await using proxy = await proxyTo(service.port)
  using asking = await client(proxy.port)
  asking.write(`POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n`)
  await expect.poll(() => service.asked.join(''), { timeout: 20_000 }).toContain('1\r\na\r\n')
  asking.write('1\nb')
  expect(await asking.rest()).toMatch(/^HTTP\/1\.1 400 [^]*\r\nconnection: close\r\n/)
  await expect.poll(() => service.sockets.size, { timeout: 20_000 }).toBe(0)
})

test('a client that does not read holds up the endpoint, and little is kept', async () => {
  let written = 0
  await using service = await scripted((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n`)
    const piece = Buffer.alloc(64 * 1024)
    const next = () => {
      if (socket.destroyed || written > 200_000_000) return
      written += piece.length
      socket.write(piece, next)
    }
    next()
  })
  await using proxy = await proxyTo(service.port)
  using asking = await client(proxy.port)
  asking.socket.pause()
  asking.write(get('/'))
  let before = -1
  // until it stands still
  await expect
    .poll(
      () => {
        const stands = written > 0 && written === before
        before = written
        return stands
      },
      { timeout: 50_000, interval: 500 },
    )
    .toBe(true)
  expect(written).toBeLessThan(100_000_000)
})

test('an endpoint that does not read holds up the client', async () => {
  await using service = await scripted((socket) => void socket.pause())
  await using proxy = await proxyTo(service.port)
  using asking = await client(proxy.port)
  let written = 0
  const piece = 'x'.repeat(64 * 1024)
  const next = () => {
    if (asking.socket.destroyed || written > 200_000_000) return
    written += piece.length
    asking.socket.write(piece, next)
  }
  asking.write(`POST / HTTP/1.1\r\n${host}Content-Length: 1000000000\r\n\r\n`)
  next()
  let before = -1
  await expect
    .poll(
      () => {
        const stands = written === before
        before = written
        return stands
      },
      { timeout: 50_000, interval: 500 },
    )
    .toBe(true)
  expect(written).toBeLessThan(100_000_000)
})

test('what may not be repeated uses a kept connection too, if it was in use just now', async () => {
  await using service = await named('ok')
  await using proxy = await proxyTo(service.port)
  using asking = await client(proxy.port)
  for (const _ of [1, 2, 3]) {
    asking.write(`POST / HTTP/1.1\r\n${host}Content-Length: 1\r\n\r\na`)
    await asking.until('\r\n\r\nok')
  }
  expect(service.connections()).toBe(1)
})

test('a body that waits for 100 gets it over a kept connection as well', async () => {
  await using service = await echo()
  await using proxy = await proxyTo(service.port)
  using asking = await client(proxy.port)
  for (const _ of [1, 2]) {
    asking.write(`POST / HTTP/1.1\r\n${host}Content-Length: 4\r\nExpect: 100-continue\r\n\r\n`)
    expect(await asking.until('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    asking.write('body')
    expect(await asking.until('"body":"body"')).toMatch(/^HTTP\/1\.1 200 /)
  }
})
