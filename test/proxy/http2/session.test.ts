import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2'
import { createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'

import { expect, test } from 'vitest'

import { Parked } from '../../../src/proxy/exchange/parked.ts'
import { type Session, session } from '../../../src/proxy/http2/session.ts'
import { eventually } from '../../store/eventually.ts'

const limitMs = 60_000

/** A server of HTTP/2 before Node's own of HTTP/1.1, which takes what the sessions make of requests. */
async function scene(listener: RequestListener) {
  const engine = createHttpServer(listener)
  const sessions = new Set<Session>()
  const connections: unknown[] = []
  const server = createServer((socket: Socket) => {
    socket.on('error', () => socket.destroy())
    const attach = (one: unknown) => {
      connections.push(one)
      engine.emit('connection', one)
    }
    const one = session(socket, { attach, parked: new Parked(64 * 1024 * 1024) }, () =>
      sessions.delete(one),
    )
    sessions.add(one)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const client = connect(`http://127.0.0.1:${port}`)
  client.on('error', () => {})
  return {
    port,
    client,
    sessions,
    connections,
    async [Symbol.asyncDispose]() {
      client.destroy()
      for (const one of sessions) one.cut()
      await once(server.close(), 'close')
    },
  }
}

async function ask(
  client: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string | Buffer,
) {
  const stream = client.request(
    { ':authority': 'shop.test', ...headers },
    { endStream: body === undefined },
  )
  if (body !== undefined) stream.end(body)
  const [answered] = await once(stream, 'response')
  return { status: answered[':status'], headers: answered, body: await text(stream) }
}

const echo: RequestListener = (request, response) => {
  const { method, url, headers } = request
  void text(request).then((body) => response.end(JSON.stringify({ method, url, headers, body })))
}

test(
  'requests become ones of HTTP/1.1, one after the other on one connection',
  async () => {
    await using at = await scene(echo)
    const headers = {
      ':path': '/a?b=c',
      cookie: ['a=1', 'b=2'],
      te: 'trailers',
      'x-many': ['1', '2'],
    }
    const seen = JSON.parse((await ask(at.client, headers)).body)
    expect(seen).toMatchObject({ method: 'GET', url: '/a?b=c', body: '' })
    expect(seen.headers).toMatchObject({ host: 'shop.test', cookie: 'a=1; b=2', 'x-many': '1, 2' })
    expect(seen.headers).not.toHaveProperty('te')
    expect(seen.headers).not.toHaveProperty('transfer-encoding')
    for (let n = 0; n < 5; n++) expect((await ask(at.client, { ':path': '/' })).status).toBe(200)
    expect(at.connections.length).toBe(1)
  },
  limitMs,
)

test(
  'content goes both ways, with a length and without, small and large',
  async () => {
    await using at = await scene((request, response) => request.pipe(response))
    const large = 'x'.repeat(3_000_000)
    for (const body of ['', 'small', large]) {
      const chunked = await ask(at.client, { ':method': 'POST', ':path': '/' }, body)
      expect(chunked.body === body).toBe(true)
      const length = Buffer.byteLength(body)
      const counted = await ask(at.client, { ':method': 'PUT', 'content-length': length }, body)
      expect(counted.body === body).toBe(true)
    }
  },
  limitMs,
)

test(
  'a hundred requests run at a time',
  async () => {
    await using at = await scene((request, response) => {
      setTimeout(() => response.end(request.url), 20)
    })
    const paths = Array.from({ length: 100 }, (_, n) => `/${n}`)
    const answers = await Promise.all(paths.map((path) => ask(at.client, { ':path': path })))
    expect(answers.map(({ body }) => body)).toEqual(paths)
  },
  limitMs,
)

test(
  'answers keep their headers, and lose those of a connection',
  async () => {
    await using at = await scene((request, response) => {
      if (request.url === '/hints') response.writeEarlyHints({ link: '</a.css>; rel=preload' })
      response.setHeader('set-cookie', ['a=1', 'b=2'])
      response.setHeader('keep-alive', 'timeout=5')
      if (request.url === '/none') response.writeHead(204)
      else response.setHeader('content-length', 4)
      response.end(request.url === '/none' ? undefined : 'body')
    })
    const plain = await ask(at.client, { ':path': '/' })
    expect(plain.headers['set-cookie']).toEqual(['a=1', 'b=2'])
    expect(plain.headers).not.toHaveProperty('keep-alive')
    expect(plain.headers).not.toHaveProperty('connection')
    expect(await ask(at.client, { ':path': '/none' })).toMatchObject({ status: 204, body: '' })
    const head = await ask(at.client, { ':method': 'HEAD', ':path': '/' })
    expect(head).toMatchObject({ status: 200, body: '' })
    expect(head.headers['content-length']).toBe('4')
    const stream = at.client.request({ ':path': '/hints', ':authority': 'shop.test' })
    const [hints] = await once(stream, 'headers')
    expect(hints).toMatchObject({ ':status': 103, link: '</a.css>; rel=preload' })
    expect(await text(stream)).toBe('body')
  },
  limitMs,
)

test(
  'a client that takes its request back ends it for the engine too',
  async () => {
    const { promise: gone, resolve } = Promise.withResolvers<void>()
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>()
    await using at = await scene((request, response) => {
      if (request.url !== '/long') return void response.end('ok')
      response.on('close', resolve)
      isAsked()
    })
    const stream = at.client.request({ ':path': '/long', ':authority': 'shop.test' })
    stream.on('error', () => {})
    await asked
    stream.close(8)
    await gone
    expect((await ask(at.client, { ':path': '/' })).body).toBe('ok')
  },
  limitMs,
)

test(
  'an answer that breaks off in the middle is no whole one',
  async () => {
    await using at = await scene((request, response) => {
      response.writeHead(200, {})
      response.write('part', () => request.socket.destroy())
    })
    const stream = at.client.request({ ':path': '/', ':authority': 'shop.test' })
    stream.resume()
    const [error] = await once(stream, 'error').catch((thrown: unknown) => [thrown])
    expect(String(error)).toContain('NGHTTP2_INTERNAL_ERROR')
  },
  limitMs,
)

test(
  'an answer before all of the request has come ends both',
  async () => {
    await using at = await scene((_, response) => {
      response.writeHead(413, { connection: 'close' })
      response.end('too large')
    })
    const stream = at.client.request({ ':method': 'POST', ':path': '/', ':authority': 'shop.test' })
    stream.on('error', () => {})
    stream.write('some')
    const closed = once(stream, 'close')
    const [[answer], body] = await Promise.all([once(stream, 'response'), text(stream)])
    expect(answer[':status']).toBe(413)
    expect(body).toBe('too large')
    await closed
    expect(stream.rstCode).toBe(0)
  },
  limitMs,
)

test(
  'a slow reader slows the engine down',
  async () => {
    let written = 0
    await using at = await scene((_, response) => {
      const piece = Buffer.alloc(64 * 1024)
      const more = () => {
        while (written < 64 * 1024 * 1024) {
          written += piece.length
          if (!response.write(piece)) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    })
    const stream = at.client.request({ ':path': '/', ':authority': 'shop.test' })
    await once(stream, 'response')
    // it takes nothing: what is under way is bounded by the windows
    await eventually(() => expect(written).toBeGreaterThan(0))
    const before = written
    let read = 0
    stream.on('data', (bytes: Buffer) => (read += bytes.length))
    expect(before).toBeLessThan(8 * 1024 * 1024)
    await once(stream, 'end')
    expect(read).toBe(64 * 1024 * 1024)
  },
  limitMs,
)

for (const [what, expected, headers] of [
  ['a Host other than the authority', /^400$/, { host: 'other.test' }],
  ['a path that is none', /^400$|closed with 1$|PROTOCOL_ERROR/, { ':path': '/a b' }],
  ['CONNECT', /^405$/, { ':method': 'CONNECT', ':path': undefined, ':scheme': undefined }],
] as const) {
  test(
    `${what} is refused`,
    async () => {
      let asked = 0
      await using at = await scene((_, response) => {
        asked++
        response.end()
      })
      const stream = at.client.request({ ':authority': 'shop.test', ':path': '/', ...headers })
      const outcome = await Promise.race([
        once(stream, 'response').then(([answer]) => answer[':status']),
        once(stream, 'close').then(() => `closed with ${stream.rstCode}`),
      ]).catch((error: unknown) => String(error))
      expect(String(outcome)).toMatch(expected)
      expect(asked).toBe(0)
    },
    limitMs,
  )
}

test(
  'the end is announced, what runs is finished, and nothing new is taken',
  async () => {
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<() => void>()
    await using at = await scene((request, response) => {
      if (request.url === '/long') isAsked(() => response.end('done'))
      else response.end('ok')
    })
    const long = ask(at.client, { ':path': '/long' })
    const finish = await asked
    const told = once(at.client, 'goaway')
    for (const one of at.sessions) one.announceEnd()
    expect((await told)[0]).toBe(0)
    for (const one of at.sessions) one.close()
    finish()
    expect((await long).body).toBe('done')
    await eventually(() => expect(at.sessions.size).toBe(0), limitMs)
  },
  limitMs,
)

test(
  'streams that are begun and taken back at once end the session',
  async () => {
    await using at = await scene((_, response) => response.end('ok'))
    const closed = new Promise((resolve) => at.client.once('close', resolve))
    const flood = () => {
      for (let n = 0; n < 100 && !at.client.destroyed && !at.client.closed; n++) {
        const stream = at.client.request({ ':path': '/', ':authority': 'shop.test' })
        stream.on('error', () => {})
        stream.close(8)
      }
    }
    const timer = setInterval(flood, 5)
    await closed
    clearInterval(timer)
  },
  limitMs,
)
