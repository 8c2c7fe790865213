import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { expect, test } from 'vitest'

import { start } from './child.ts'
import { folder } from './folder.ts'

type Ask = (method: string, path: string, body?: string) => Promise<IncomingMessage>

/** The example's proxy before an engine that is a server on a socket: what passes must be seen. */
async function scene(answer: RequestListener) {
  await using stack = new AsyncDisposableStack()
  const root = stack.use(await folder())
  const [engine, here] = [join(root.path, 'engine.sock'), join(root.path, 'docker.sock')]
  const server = stack.use(createServer(answer).listen(engine))
  stack.defer(() => server.closeAllConnections())
  const proxy = stack.use(start(['examples/socket-proxy/socket-proxy.mjs', engine, here]))
  await proxy.printed(/listening/)
  const ask: Ask = async (method, path, body) => {
    const headers = { 'x-secret': 'yes', upgrade: 'tcp', connection: 'upgrade' }
    const asked = request({ socketPath: here, method, path, headers }).end(body)
    const [response] = await once(asked, 'response')
    return response
  }
  const kept = stack.move()
  return { ask, server, [Symbol.asyncDispose]: async () => kept.disposeAsync() }
}

const id = 'f'.repeat(64)

test('what Portolan asks of an engine passes, without headers and bodies', async () => {
  const seen: string[] = []
  await using it = await scene((asked, answer) => {
    seen.push(`${asked.method} ${asked.url} ${Object.keys(asked.headers).join()}`)
    answer.end('yes')
  })
  const paths = ['/_ping', '/v1.45/info', '/containers/json?all=1', `/containers/${id}/json`]
  for (const path of [...paths, '/v1.45/networks', '/version']) {
    const answer = await it.ask('GET', path, 'body')
    expect([answer.statusCode, await text(answer)]).toEqual([200, 'yes'])
    expect(seen.pop()).toBe(`GET ${path} host,connection`)
  }
})

for (const [method, path] of [
  ['POST', `/containers/${id}/stop`],
  ['POST', '/containers/json'],
  ['DELETE', `/containers/${id}`],
  ['GET', `/containers/${id}/archive?path=/etc/shadow`],
  ['GET', `/containers/${id}/attach/ws`],
  ['GET', `/containers/${id}/logs`],
  ['GET', '/containers/../secrets'],
  ['GET', '/containers/%2e%2e/json'],
  ['GET', '/secrets'],
  ['GET', '/info/../secrets'],
  ['GET', 'http://engine/info'],
] as const) {
  test(`${method} ${path.slice(0, 40)} is refused`, async () => {
    let passed = 0
    await using it = await scene((_, answer) => {
      passed++
      answer.end()
    })
    expect((await it.ask(method, path)).statusCode).toBe(403)
    expect(passed).toBe(0)
  })
}

test('events are passed on as they come, and the engine learns when nobody listens any more', async () => {
  const left = Promise.withResolvers<void>()
  await using it = await scene((_, answer) => {
    answer.writeHead(200).flushHeaders()
    answer.write('first')
    answer.once('close', left.resolve)
  })
  const stream = await it.ask('GET', '/events')
  const [first] = await once(stream.setEncoding('utf8'), 'data')
  expect(first).toBe('first')
  stream.destroy()
  await left.promise
})

test('an engine that is away is a 502 that says so', async () => {
  await using it = await scene((_, answer) => answer.destroy())
  const answer = await it.ask('GET', '/_ping')
  expect(answer.statusCode).toBe(502)
  expect(await text(answer)).toContain('does not answer')
})
