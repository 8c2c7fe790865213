import { once } from 'node:events'
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type ServerHttp2Stream,
} from 'node:http2'
import { text } from 'node:stream/consumers'

import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'

import { live } from '../../../src/core/live.ts'
import { ownCertificate } from '../../certs/own-authority.ts'
import { bed, catalogOf, instance, pause } from '../bed.ts'
import { asIs, grpcServer, methods } from './grpc-bed.ts'

const limitMs = 60_000
const rule = 'Host(`grpc.example.test`)'
const own = ownCertificate('a', 'grpc.example.test')

async function scene() {
  return await bed({
    listeners: [
      { entrypoint: 'http', host: '127.0.0.1', port: 0 },
      { entrypoint: 'https', host: '127.0.0.1', port: 0, kind: 'https' },
    ],
    certificates: live([own.certificate]),
  })
}

type Scene = Awaited<ReturnType<typeof scene>>

/** Instances of the service at `ports`. */
function serve(at: Scene, ...ports: readonly number[]) {
  const routes = [{ rule, entrypoints: ['http', 'https'] }]
  const instances = ports.map((port, n) =>
    instance({ port, protocol: 'h2c', container: String(n).repeat(64), routes }),
  )
  at.catalog.set(catalogOf(instances))
}

function clientOf({ ports }: Scene) {
  const creds = credentials.createSsl(Buffer.from(own.ca))
  const client = new Client(`127.0.0.1:${ports.get('https')}`, creds, {
    'grpc.ssl_target_name_override': 'grpc.example.test',
    'grpc.default_authority': 'grpc.example.test',
  })
  const unary = (path: string, body: string, deadlineMs = limitMs) =>
    new Promise<string>((resolve, reject) => {
      const deadline = Date.now() + deadlineMs
      const request = Buffer.from(body)
      client.makeUnaryRequest(path, asIs, asIs, request, { deadline }, (error, answer) =>
        error ? reject(error) : resolve(String(answer)),
      )
    })
  return { client, unary, [Symbol.dispose]: () => client.close() }
}

test(
  'gRPC goes from end to end: one message, many, both ways, and what stands in trailers',
  async () => {
    using server = await grpcServer('a')
    await using at = await scene()
    serve(at, server.port)
    using to = clientOf(at)
    expect(await to.unary(methods.unary.path, 'hello')).toBe('a: hello')
    const failure = to.unary(methods.fail.path, '')
    await expect(failure).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: 'not now',
    })
    const error: ServiceError = await failure.catch((thrown) => thrown)
    expect(error.metadata.get('x-why')).toEqual(['because'])

    const counted = to.client.makeServerStreamRequest(
      methods.count.path,
      asIs,
      asIs,
      Buffer.from('2000'),
    )
    let last = ''
    let messages = 0
    counted.on('data', (bytes: Buffer) => {
      last = String(bytes)
      messages++
    })
    await once(counted, 'end')
    expect([messages, last]).toEqual([2000, '1999'])

    const chat = to.client.makeBidiStreamRequest(methods.chat.path, asIs, asIs)
    for (const word of ['one', 'two', 'three']) {
      chat.write(Buffer.from(word))
      expect(String((await once(chat, 'data'))[0])).toBe(`re: ${word}`)
    }
    const ended = once(chat, 'status')
    chat.end()
    expect((await ended)[0].code).toBe(status.OK)
  },
  limitMs,
)

test(
  'a call that the client cancels is cancelled at the endpoint',
  async () => {
    using server = await grpcServer('a')
    await using at = await scene()
    serve(at, server.port)
    using to = clientOf(at)
    const chat = to.client.makeBidiStreamRequest(methods.chat.path, asIs, asIs)
    chat.on('error', () => {})
    chat.write(Buffer.from('one'))
    await once(chat, 'data')
    chat.cancel()
    await server.cancelled
  },
  limitMs,
)

test(
  'calls are spread, and go elsewhere when an endpoint refuses',
  async () => {
    using a = await grpcServer('a')
    const b = await grpcServer('b')
    await using at = await scene()
    serve(at, a.port, b.port)
    using to = clientOf(at)
    const seen = new Set<string>()
    for (let n = 0; n < 20; n++) seen.add(await to.unary(methods.unary.path, ''))
    expect(seen).toEqual(new Set(['a: ', 'b: ']))
    b[Symbol.dispose]()
    for (let n = 0; n < 20; n++) {
      const answer = await to
        .unary(methods.unary.path, '')
        .catch((error: ServiceError) => error.code)
      // its sessions may end under a call, which must not be repeated
      expect(['a: ', status.UNAVAILABLE, status.CANCELLED, status.INTERNAL]).toContain(answer)
      if (n > 5) expect(answer).toBe('a: ')
    }
  },
  limitMs,
)

test(
  'nobody there is UNAVAILABLE, no such host UNIMPLEMENTED',
  async () => {
    await using at = await scene()
    at.catalog.set(catalogOf([]))
    using to = clientOf(at)
    await expect(to.unary(methods.unary.path, '')).rejects.toMatchObject({
      code: status.UNIMPLEMENTED,
    })
    const routes = [{ rule, entrypoints: ['https'] }]
    at.catalog.set(catalogOf([instance({ protocol: 'h2c', state: 'unhealthy', routes })]))
    await expect(to.unary(methods.unary.path, '')).rejects.toMatchObject({
      code: status.UNAVAILABLE,
    })
  },
  limitMs,
)

test(
  'a call waits for an endpoint that is starting',
  async () => {
    using server = await grpcServer('a')
    await using at = await scene()
    const routes = [{ rule, entrypoints: ['https'] }]
    const starting = instance({ port: server.port, protocol: 'h2c', state: 'starting', routes })
    at.catalog.set(catalogOf([starting]))
    using to = clientOf(at)
    const answer = to.unary(methods.unary.path, 'held')
    await pause(100)
    serve(at, server.port)
    expect(await answer).toBe('a: held')
  },
  limitMs,
)

/** An endpoint of HTTP/2 that is no gRPC. */
async function http2Endpoint(
  listener: (stream: ServerHttp2Stream, headers: Record<string, unknown>) => void,
) {
  const server = createHttp2Server()
  server.on('stream', listener)
  server.on('session', (session) => session.on('error', () => {}))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { port, server, [Symbol.dispose]: () => server.close() }
}

async function echoed(stream: ServerHttp2Stream, headers: Record<string, unknown>) {
  const body = await text(stream)
  const got = String(headers[':method'])
  stream.respond({ ':status': 201, 'x-got': got, 'set-cookie': ['a=1', 'b=2'] })
  stream.end(JSON.stringify({ headers, body }))
}

test(
  'plain requests of HTTP/1.1 reach such endpoints too',
  async () => {
    using to = await http2Endpoint((stream, headers) => {
      stream.on('error', () => {})
      void echoed(stream, headers)
    })
    await using at = await scene()
    serve(at, to.port)
    const host = 'grpc.example.test'
    for (const body of [undefined, 'x'.repeat(300_000)]) {
      const answer = await at.get('/a?b', { host, ...(body && { method: 'POST', body }) })
      expect(answer.status).toBe(201)
      expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2'])
      const seen = JSON.parse(answer.body)
      expect(seen.body === (body ?? '')).toBe(true)
      expect(seen.headers).toMatchObject({
        ':path': '/a?b',
        ':authority': host,
        'x-forwarded-proto': 'http',
      })
    }
    expect(await at.get('/', { host, method: 'HEAD' })).toMatchObject({ status: 201, body: '' })
  },
  limitMs,
)

test(
  'an answer of such an endpoint that breaks off is no whole one',
  async () => {
    using to = await http2Endpoint((stream) => {
      stream.on('error', () => {})
      stream.respond({ ':status': 200 })
      stream.write('part')
      setTimeout(() => stream.session?.destroy(), 50)
    })
    await using at = await scene()
    serve(at, to.port)
    await expect(at.get('/', { host: 'grpc.example.test' })).rejects.toThrow('aborted')
    const client = connectHttp2(`https://127.0.0.1:${at.ports.get('https')}`, {
      ca: own.ca,
      servername: 'grpc.example.test',
    })
    client.on('error', () => {})
    const stream = client.request({ ':path': '/', ':authority': 'grpc.example.test' })
    await expect(text(stream)).rejects.toThrow('NGHTTP2_')
    client.destroy()
  },
  limitMs,
)
