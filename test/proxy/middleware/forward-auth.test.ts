import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'

import { expect, test } from 'vitest'

import { backend } from '../bed.ts'
import { answerOf, ownDraft, passed, requestOf, siteOf } from './drafts.ts'

type Seen = { method?: string; url?: string; headers: IncomingMessage['headers']; body: string }

/** Somebody who decides, and what he was asked. */
async function authority(decide: (response: ServerResponse) => void) {
  const seen: Seen[] = []
  const server = await backend((incoming, response) => {
    const { method = '', url = '', headers } = incoming
    void text(incoming)
      .then((body) => seen.push({ method, url, headers, body }))
      .then(() => decide(response))
  })
  const address = `http://127.0.0.1:${server.port}/verify?x=1`
  return { seen, address, server, [Symbol.asyncDispose]: server[Symbol.asyncDispose] }
}

const asked = () =>
  requestOf({
    method: 'POST',
    path: '/a',
    query: '?b=1',
    authority: 'shop.test:8080',
    body: 'hello',
    headers: {
      Cookie: 'c=1',
      'X-User': 'liar',
      'X-Other': 'o',
      'Content-Length': '5',
      Connection: 'X-Hop',
      'X-Hop': 'h',
    },
  })

test('a yes lets a request go on, with what is said of the client', async () => {
  await using judge = await authority((response) =>
    response.writeHead(204, { 'X-User': 'ann', 'X-Groups': ['a', 'b'], 'X-More': 'no' }).end(),
  )
  const { address } = judge
  const options = { address, responseHeaders: ['X-User', 'X-Groups', 'X-Gone'] }
  const { answer, request } = await passed([{ forwardAuth: options }], asked())
  expect(answer).toBeUndefined()
  expect(request.headers.all('x-user')).toEqual(['ann'])
  expect(request.headers.all('x-groups')).toEqual(['a', 'b'])
  expect(request.headers.has('x-more')).toBe(false)
  expect(judge.seen).toMatchObject([
    {
      method: 'GET',
      url: '/verify?x=1',
      body: '',
      headers: {
        host: `127.0.0.1:${judge.server.port}`,
        cookie: 'c=1',
        'x-forwarded-method': 'POST',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'shop.test:8080',
        'x-forwarded-uri': '/a?b=1',
        'x-forwarded-for': '192.0.2.1',
      },
    },
  ])
  expect(judge.seen[0]?.headers).not.toHaveProperty('x-hop')
  expect(judge.seen[0]?.headers).not.toHaveProperty('content-length')
})

test('what the client says of itself never stands in for what the authority does not say', async () => {
  await using judge = await authority((response) => response.end())
  const { address } = judge
  const options = { address, responseHeaders: ['X-User'], responseHeadersRegex: '^X-O' }
  const { request } = await passed([{ forwardAuth: options }], asked())
  expect([request.headers.has('x-user'), request.headers.has('x-other')]).toEqual([false, false])
})

test('a no is the answer, as it is', async () => {
  await using judge = await authority((response) =>
    response
      .writeHead(302, { Location: 'https://login.test/', 'Set-Cookie': ['a=1', 'b=2'] })
      .end('go there'),
  )
  const { address } = judge
  const { answer, headers } = await passed([{ forwardAuth: { address } }], asked())
  expect([answer?.status, answer?.body?.toString()]).toEqual([302, 'go there'])
  expect(headers.all('set-cookie')).toEqual(['a=1', 'b=2'])
  expect(headers.get('location')).toBe('https://login.test/')
  expect([headers.has('connection'), headers.has('transfer-encoding')]).toEqual([false, false])
})

test('an authority that wants it gets method, body, chosen headers and what a trusted proxy said', async () => {
  await using judge = await authority((response) => response.end())
  const { address } = judge
  const request = asked()
  request.headers.set('X-Forwarded-For', '198.51.100.7')
  request.headers.set('X-Forwarded-Proto', 'https')
  const options = {
    address,
    requestHeaders: ['X-Other'],
    forwardBody: true,
    keepMethod: true,
    trustForwardHeader: true,
  }
  await passed([{ forwardAuth: options }], request)
  expect(judge.seen).toMatchObject([
    {
      method: 'POST',
      body: 'hello',
      headers: {
        'x-other': 'o',
        'x-forwarded-proto': 'https',
        'x-forwarded-for': '198.51.100.7, 192.0.2.1',
      },
    },
  ])
  expect(judge.seen[0]?.headers).not.toHaveProperty('cookie')
  const small = { ...options, maxBodyBytes: 4 }
  expect((await passed([{ forwardAuth: small }], asked())).answer?.status).toBe(413)
  expect(judge.seen).toHaveLength(1)
})

test("the authority's cookies go to the client", async () => {
  await using judge = await authority((response) =>
    response.setHeader('Set-Cookie', ['session=new; Path=/', 'other=1']).end(),
  )
  const { address } = judge
  const { run } = await passed([{ forwardAuth: { address, cookies: ['session'] } }], asked())
  const answer = answerOf(200, { 'Set-Cookie': 'session=old' })
  answer.headers.append('Set-Cookie', 'app=1')
  await run.answered(answer, ownDraft)
  expect(answer.headers.all('set-cookie')).toEqual(['app=1', 'session=new; Path=/'])
})

test('who can not be asked lets nobody in; a closed connection that was kept is not the end', async () => {
  await using judge = await authority((response) => response.end())
  const { address, server } = judge
  const site = siteOf()
  const list = [{ forwardAuth: { address } }]
  expect((await passed(list, asked(), site)).answer).toBeUndefined()
  for (const socket of server.sockets) socket.destroy()
  expect((await passed(list, asked(), site)).answer).toBeUndefined()
  await server.close()
  expect((await passed(list, asked(), site)).answer?.status).toBe(502)
})

test('an address that is the proxy itself gets no request', async () => {
  await using judge = await authority((response) => response.end())
  const { address, server } = judge
  const isOwn = (ip: string, port: number) => ip === '127.0.0.1' && port === server.port
  const { answer } = await passed([{ forwardAuth: { address } }], asked(), siteOf({ isOwn }))
  expect([answer?.status, judge.seen]).toEqual([502, []])
})

test('an answer without end is none', async () => {
  await using judge = await authority((response) => response.end('x'.repeat(2_000_000)))
  const { address } = judge
  expect((await passed([{ forwardAuth: { address } }], asked())).answer?.status).toBe(502)
})
