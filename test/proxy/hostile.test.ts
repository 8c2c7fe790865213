import { expect, test } from 'vitest'

import { bed, catalogOf, instance } from './bed.ts'
import { client, scripted } from './scripted.ts'

const get = 'GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n'
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** What a client gets that asks once, and the endpoint that says `said`. */
async function answered(said: string, request = get) {
  await using service = await scripted((socket) => void socket.write(said, 'latin1'))
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  using asking = await client(proxy.port)
  asking.write(request.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
  const answer = await asking.rest()
  await expect.poll(() => service.sockets.size, { timeout: 20_000 }).toBe(0)
  return { answer, times: service.asked.length }
}

const head = 'HTTP/1.1 200 OK\r\n'
for (const [sentence, said, request] of [
  ['length and chunks', `${head}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['two lengths', `${head}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`],
  ['a bad length', `${head}Content-Length: +2\r\n\r\nok`],
  ['another coding', `${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ['a folded header', `${head}A: b\r\n c\r\nContent-Length: 0\r\n\r\n`],
  ['bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
  ['another protocol', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
  ['another version', 'HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['a head without end', `${head}${`A: ${'b'.repeat(1000)}\r\n`.repeat(70)}`],
  ['interim answers without end', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100) + ok],
  ['101 that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
  ['204 with content', 'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok'],
  ['304 with content', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok'],
  ['HEAD with content', ok, get.replace('GET', 'HEAD')],
  ['a malformed chunk at once', `${head}Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n`],
] as const) {
  test(`an endpoint that answers with ${sentence} is a 502, is asked once, and is cut off`, async () => {
    const { answer, times } = await answered(said, request)
    expect(answer).toMatch(/^HTTP\/1\.1 502 /)
    expect(answer.match(/^HTTP\/1\.1 /gm)).toHaveLength(1)
    expect(times).toBe(1)
  })
}

test('a malformed chunk in the middle cuts the client off, so that nobody takes the answer for whole', async () => {
  await using service = await scripted((socket) => {
    socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n`)
  })
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  using asking = await client(proxy.port)
  asking.write(get)
  expect(await asking.until('1\r\na\r\n')).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  for (const socket of service.sockets) socket.write('-1\r\n')
  expect(await asking.rest()).toBe('')
})

test('what follows an answer is no answer to anybody, and its connection is not used again', async () => {
  await using service = await scripted(
    (socket) => void socket.write(`${ok}${ok.replace('ok', 'no')}`),
  )
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  using asking = await client(proxy.port)
  for (const turn of [1, 2, 3]) {
    asking.write(get)
    expect(await asking.until('\r\n\r\nok')).not.toContain('no')
    expect(service.connections()).toBe(turn)
  }
})

test('an idle connection on which something comes is closed', async () => {
  await using service = await scripted((socket) => void socket.write(ok))
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  using asking = await client(proxy.port)
  asking.write(get)
  await asking.until('\r\n\r\nok')
  for (const socket of service.sockets)
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil')
  await expect.poll(() => service.sockets.size, { timeout: 20_000 }).toBe(0)
  asking.write(get)
  expect(await asking.until('\r\n\r\nok')).not.toContain('evil')
})

test('an endpoint that says that it closes is asked over another connection', async () => {
  await using service = await scripted(
    (socket) => void socket.write(ok.replace('OK\r\n', 'OK\r\nConnection: close\r\n')),
  )
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  using asking = await client(proxy.port)
  for (const turn of [1, 2]) {
    asking.write(get)
    expect(await asking.until('\r\n\r\nok')).not.toMatch(/connection/i)
    expect(service.connections()).toBe(turn)
  }
})

test('a head in pieces is put together', async () => {
  await using service = await scripted((socket) => {
    let at = 0
    const next = () => {
      if (at < ok.length && !socket.destroyed) socket.write(ok[at++] ?? '', next)
    }
    socket.setNoDelay(true)
    next()
  })
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  using asking = await client(proxy.port)
  asking.write(get)
  expect(await asking.until('\r\n\r\nok')).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
})
