import { once } from 'node:events'
import { connect as connectHttp2, createServer as createHttp2 } from 'node:http2'
import { text } from 'node:stream/consumers'

import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'

import { live } from '../../../src/core/live.ts'
import { policySchema } from '../../../src/core/policy.ts'
import { isCall } from '../../../src/proxy/middleware/streams.ts'
import { ownCertificate } from '../../certs/own-authority.ts'
import { backend, bed, catalogOf, instance } from '../bed.ts'
import { asIs, grpcServer, methods } from './grpc-bed.ts'

const limitMs = 60_000
const host = 'grpc.example.test'
const own = ownCertificate('a', host)

/** A proxy before a server of gRPC at `port`, on whose route these act. */
async function scene(port: number, list: readonly object[]) {
  const at = await bed({
    listeners: [{ entrypoint: 'https', host: '127.0.0.1', port: 0, kind: 'https' }],
    certificates: live([own.certificate]),
  })
  const names = list.map((_, n) => `m${n}`)
  const policy = policySchema.parse({
    middlewares: Object.fromEntries(list.map((one, n) => [`m${n}`, one])),
  })
  const routes = [{ rule: `Host(\`${host}\`)`, entrypoints: ['https'], middlewares: names }]
  at.catalog.set(catalogOf([instance({ port, protocol: 'h2c', routes, policy })]))
  return at
}

function clientOf({ ports }: Awaited<ReturnType<typeof bed>>) {
  const creds = credentials.createSsl(Buffer.from(own.ca))
  const client = new Client(`127.0.0.1:${ports.get('https')}`, creds, {
    'grpc.ssl_target_name_override': host,
    'grpc.default_authority': host,
  })
  const unary = (path: string, metadata = new Metadata()) => {
    const headers = Promise.withResolvers<Metadata>()
    const answer = new Promise<string>((resolve, reject) => {
      const call = client.makeUnaryRequest(
        path,
        asIs,
        asIs,
        Buffer.from('hello'),
        metadata,
        { deadline: Date.now() + limitMs },
        (error, bytes) => (error ? reject(error) : resolve(String(bytes))),
      )
      call.on('metadata', headers.resolve)
    })
    return { answer, headers: headers.promise }
  }
  return { client, unary, [Symbol.dispose]: () => client.close() }
}

/** How a call ends, whatever it says. */
function endOf(call: NodeJS.EventEmitter): Promise<unknown> {
  call.on('error', () => {})
  call.on('data', () => {})
  return new Promise((resolve) => call.once('status', resolve))
}

const authorized = new Metadata()
authorized.set('authorization', `Basic ${btoa('ann:secret')}`)
// what `openssl passwd -apr1 secret` says
const users = ['ann:$apr1$0123abcd$rX764cjRkAHh0oXJdi2EX0']

test(
  'who is not let in is told so; who is gets answers, changed headers and trailers',
  async () => {
    using server = await grpcServer('a')
    await using at = await scene(server.port, [
      { basicAuth: { users } },
      { headers: { response: { 'X-Added': 'here', 'X-Served-By': '' } } },
    ])
    using to = clientOf(at)
    const refused = to.unary(methods.unary.path).answer
    await expect(refused).rejects.toMatchObject({ code: status.UNAUTHENTICATED })

    const { answer, headers } = to.unary(methods.unary.path, authorized)
    expect(await answer).toBe('a: hello')
    const seen = (await headers).getMap()
    expect(seen).toMatchObject({ 'x-added': 'here' })
    expect(seen).not.toHaveProperty('x-served-by')

    const failure = to.unary(methods.fail.path, authorized).answer
    await expect(failure).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: 'not now',
    })
    const error: ServiceError = await failure.catch((thrown) => thrown)
    expect(error.metadata.get('x-why')).toEqual(['because'])
  },
  limitMs,
)

test(
  'streams go both ways at once, and count as long as they run',
  async () => {
    using server = await grpcServer('a')
    await using at = await scene(server.port, [{ inFlight: { amount: 1 } }])
    using to = clientOf(at)
    const chat = to.client.makeBidiStreamRequest(methods.chat.path, asIs, asIs)
    for (const word of ['one', 'two']) {
      chat.write(Buffer.from(word))
      expect(String((await once(chat, 'data'))[0])).toBe(`re: ${word}`)
    }
    // 429 is UNAVAILABLE to clients of gRPC
    await expect(to.unary(methods.unary.path).answer).rejects.toMatchObject({
      code: status.UNAVAILABLE,
    })
    const ended = once(chat, 'status')
    chat.end()
    expect((await ended)[0].code).toBe(status.OK)
    await expect
      .poll(() => to.unary(methods.unary.path).answer.catch(String), {
        timeout: 30_000,
      })
      .toBe('a: hello')
  },
  limitMs,
)

test(
  'a middleware may wait for others before it decides',
  async () => {
    using server = await grpcServer('a')
    await using door = await backend((incoming, response) => {
      response.statusCode = incoming.headers['x-key'] === 'right' ? 200 : 403
      response.setHeader('x-user', 'ann')
      response.end()
    })
    const address = `http://127.0.0.1:${door.port}/`
    await using at = await scene(server.port, [{ forwardAuth: { address } }])
    using to = clientOf(at)
    await expect(to.unary(methods.unary.path).answer).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
    })
    const key = new Metadata()
    key.set('x-key', 'right')
    expect(await to.unary(methods.unary.path, key).answer).toBe('a: hello')
  },
  limitMs,
)

test(
  'a redirect is answered to who speaks plain HTTP/2',
  async () => {
    using server = await grpcServer('a')
    const redirectRegex = { regex: '^https://grpc', replacement: 'https://new', permanent: true }
    await using at = await scene(server.port, [{ redirectRegex }])
    const options = { ca: own.ca, servername: host }
    const client = connectHttp2(`https://127.0.0.1:${at.ports.get('https')}`, options)
    const stream = client.request({ ':path': '/a', ':authority': host })
    const [head] = await once(stream, 'response')
    expect(head[':status']).toBe(301)
    expect(head.location).toBe('https://new.example.test/a')
    await text(stream)
    client.close()
  },
  limitMs,
)

test(
  'what acts on bodies leaves calls alone: trailers come through, and so do the heads that others change',
  async () => {
    using server = await grpcServer('a')
    await using at = await scene(server.port, [
      { headers: { response: { 'X-Added': 'here' } } },
      { compress: {} },
      { errorPages: { status: ['200-599'], service: 'web', path: '/' } },
      { retry: { attempts: 3, status: ['200-599'], nonIdempotent: true } },
      { maxBody: { requestBytes: 1000, responseBytes: 1000 } },
      { timeout: { idleMs: 60_000 } },
    ])
    using to = clientOf(at)
    const metadata = new Metadata()
    metadata.set('accept-encoding', 'gzip')
    const { answer, headers } = to.unary(methods.unary.path, metadata)
    expect(await answer).toBe('a: hello')
    expect((await headers).getMap()).toMatchObject({ 'x-added': 'here', 'x-served-by': 'a' })
    const failure = to.unary(methods.fail.path).answer
    const error: ServiceError = await failure.then(
      () => expect.unreachable(),
      (thrown) => thrown,
    )
    expect(error).toMatchObject({ code: status.FAILED_PRECONDITION, details: 'not now' })
    expect(error.metadata.get('x-why')).toEqual(['because'])
  },
  limitMs,
)

test(
  'a limit on bodies holds for streams, in both directions',
  async () => {
    using server = await grpcServer('a')
    await using at = await scene(server.port, [
      { maxBody: { requestBytes: 1000, responseBytes: 2000 } },
    ])
    using to = clientOf(at)
    const large = Buffer.alloc(2000)
    const early = to.client.makeBidiStreamRequest(methods.fail.path, asIs, asIs)
    const late = to.client.makeBidiStreamRequest(methods.chat.path, asIs, asIs)
    const ends = [early, late].map(endOf)
    late.write(Buffer.from('one'))
    await once(late, 'data')
    for (const call of [early, late]) call.write(large)
    // 413 has no code of its own there
    expect(await ends[0]).toMatchObject({
      code: status.UNKNOWN,
      details: expect.stringContaining('413'),
    })
    expect(await ends[1]).toMatchObject({ code: status.RESOURCE_EXHAUSTED })

    const count = (most: string) =>
      endOf(to.client.makeServerStreamRequest(methods.count.path, asIs, asIs, Buffer.from(most)))
    expect(await count('100')).toMatchObject({ code: status.OK })
    expect(await count('1000')).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
  },
  limitMs,
)

test(
  'so do limits on time',
  async () => {
    const mute = createHttp2((incoming, response) => {
      if (incoming.url === methods.count.path) response.write('a')
    })
    await once(mute.listen(0, '127.0.0.1'), 'listening')
    const address = mute.address()
    const port = typeof address === 'object' && address ? address.port : 0
    await using at = await scene(port, [{ timeout: { firstByteMs: 300, idleMs: 300 } }])
    using to = clientOf(at)
    const details = async (path: string) => {
      const error: ServiceError = await to.unary(path).answer.then(
        () => expect.unreachable(),
        (thrown) => thrown,
      )
      return error.details
    }
    expect(await details(methods.unary.path)).toContain('504')
    expect(await details(methods.count.path)).toContain('RST_STREAM')
    mute.close()
  },
  limitMs,
)

test(
  'whoever has to see a whole body is not passed by',
  async () => {
    using server = await grpcServer('a')
    await using door = await backend()
    const forwardAuth = { address: `http://127.0.0.1:${door.port}/`, forwardBody: true }
    await using at = await scene(server.port, [{ forwardAuth }])
    using to = clientOf(at)
    await expect(to.unary(methods.unary.path).answer).rejects.toThrow(/501/)
    expect(door.connections()).toBe(0)
  },
  limitMs,
)

test('a call is told by its content type', () => {
  const types = [
    'application/grpc',
    'Application/gRPC+proto',
    'application/grpc;x',
    'application/grpc ; x',
  ]
  expect(types.filter((type) => !isCall(type))).toEqual([])
  const others = [undefined, '', 'text/html', 'application/grpc-web', 'application/grpc-web+proto']
  expect(others.filter(isCall)).toEqual([])
})
