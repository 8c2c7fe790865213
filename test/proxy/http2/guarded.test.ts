import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { text } from 'node:stream/consumers'

import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'

import { live } from '../../../src/core/live.ts'
import { policySchema } from '../../../src/core/policy.ts'
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
