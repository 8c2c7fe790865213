import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'

import { expect, test } from 'vitest'

import type { PageRequest } from '../../../src/proxy/middleware/stage.ts'
import { encodingFor } from '../../../src/proxy/middleware/traffic/encodings.ts'
import { answerOf, chainOf, ownDraft, passed, requestOf, seen, siteOf } from './drafts.ts'

const all = ['zstd', 'br', 'gzip']

for (const [accept, expected] of [
  [undefined, undefined],
  ['', undefined],
  ['gzip, deflate, br, zstd', 'zstd'],
  ['gzip, br', 'br'],
  ['GZIP', 'gzip'],
  ['br;q=0.5, gzip;q=0.8', 'gzip'],
  ['zstd;q=0, br;q=0, *', 'gzip'],
  ['*;q=0', undefined],
  ['identity, deflate', undefined],
  ['gzip;q=0', undefined],
  ['gzip;q=much', undefined],
  ['gzip ; q=0.001', 'gzip'],
] as const) {
  test(`who accepts ${JSON.stringify(accept)} gets ${expected ?? 'no encoding'}`, () => {
    expect(encodingFor(accept, all)).toBe(expected)
  })
}

const body = Buffer.from('All work and no play makes Jack a dull boy.\n'.repeat(200))
const html = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': String(body.length) }

for (const [encoding, decode] of [
  ['zstd', zstdDecompressSync],
  ['br', brotliDecompressSync],
  ['gzip', gunzipSync],
] as const) {
  test(`an answer is compressed with ${encoding}, and says what has become of it`, async () => {
    const digests = { 'Content-Digest': 'md5=:a:', 'Repr-Digest': 'md5=:a:', Digest: 'md5=a' }
    const validators = { ETag: '"1"', 'Accept-Ranges': 'bytes', ...digests }
    const headers = { ...html, ...validators, Vary: 'Cookie' }
    const request = requestOf({ headers: { 'Accept-Encoding': encoding } })
    const { run, answer } = await seen(
      [{ compress: {} }],
      answerOf(200, headers, body.length),
      request,
    )
    const coder = run.coders(answer)[0]?.()
    if (!coder) throw new Error('not compressed')
    const coded = await buffer(Readable.from([body]).pipe(coder))
    expect(coded.length).toBeLessThan(body.length / 10)
    expect(decode(coded)).toEqual(body)
    expect(answer.headers.pairs()).toEqual([
      'Content-Type',
      'text/html; charset=utf-8',
      'Vary',
      'Cookie, Accept-Encoding',
      'Content-Encoding',
      encoding,
      'ETag',
      'W/"1"',
    ])
  })

  test(`a piece of a stream in ${encoding} is not held back`, async () => {
    const request = requestOf({ headers: { 'Accept-Encoding': encoding } })
    const { run, answer } = await seen([{ compress: {} }], answerOf(200, html), request)
    const coder = run.coders(answer)[0]?.()
    if (!coder) throw new Error('not compressed')
    const parts: Buffer[] = []
    coder.on('data', (part: Buffer) => parts.push(part))
    coder.write('first')
    await expect.poll(() => parts.length, { timeout: 20_000 }).toBeGreaterThan(0)
    coder.end('second')
    await expect.poll(() => coder.readableEnded, { timeout: 20_000 }).toBe(true)
    expect(decode(Buffer.concat(parts)).toString()).toBe('firstsecond')
  })
}

for (const [what, options, status, headers, length, request, vary] of [
  ['what is small', {}, 200, html, 1023, {}, false],
  ['an event stream', {}, 200, { 'Content-Type': 'text/event-stream' }, undefined, {}, false],
  [
    'gRPC',
    { includeTypes: ['application/grpc'] },
    200,
    { 'Content-Type': 'application/grpc' },
    undefined,
    {},
    false,
  ],
  ['what is coded', {}, 200, { ...html, 'Content-Encoding': 'br' }, 9999, {}, false],
  ['no-transform', {}, 200, { ...html, 'Cache-Control': 'public, no-transform' }, 9999, {}, false],
  ['a part', {}, 206, html, 9999, {}, false],
  [
    'what may be a part',
    {},
    200,
    html,
    9999,
    { headers: { Range: 'bytes=0-1', 'Accept-Encoding': 'gzip' } },
    false,
  ],
  ['an image', {}, 200, { 'Content-Type': 'image/png' }, 9999, {}, false],
  ['what has no type', {}, 200, {}, 9999, {}, false],
  ['a type that is excluded', { excludeTypes: ['text/html'] }, 200, html, 9999, {}, false],
  ['a type that is not included', { includeTypes: ['text/css'] }, 200, html, 9999, {}, false],
  ['no content', {}, 204, html, undefined, {}, false],
  ['what has not changed', {}, 304, html, undefined, {}, false],
  ['what the client does not take', {}, 200, html, 9999, { headers: {} }, true],
] as const) {
  test(`${what} is not compressed`, async () => {
    const asked = requestOf({ headers: { 'Accept-Encoding': 'gzip' }, ...request })
    const { run, answer } = await seen(
      [{ compress: options }],
      answerOf(status, headers, length),
      asked,
    )
    expect(run.coders(answer)).toEqual([])
    expect(answer.headers.has('vary')).toBe(vary)
    expect(answer.headers.get('content-length')).toBe(
      'Content-Length' in headers ? headers['Content-Length'] : undefined,
    )
  })
}

for (const [what, options, status, length, coded] of [
  ['what is compressed', {}, 200, 9999, true],
  ['what is small', {}, 200, 1023, false],
  ['what has no length', {}, 200, undefined, true],
  ['what is of another type', { includeTypes: ['text/css'] }, 200, 9999, false],
  ['what is not there', {}, 404, 9999, true],
] as const) {
  test(`a HEAD is told what a GET is: ${what}`, async () => {
    const heads = ['GET', 'HEAD'].map(async (method) => {
      const asked = requestOf({ method, headers: { 'Accept-Encoding': 'gzip' } })
      const given = { 'Content-Type': 'text/html', ETag: '"1"', 'Accept-Ranges': 'bytes' }
      const { answer } = await seen([{ compress: options }], answerOf(status, given, length), asked)
      return answer.headers
    })
    const [get, head] = await Promise.all(heads)
    expect(head?.pairs()).toEqual(get?.pairs())
    expect(head?.get('etag')).toBe(coded ? 'W/"1"' : '"1"')
  })
}

for (const type of ['application/json', 'application/vnd.api+json', 'image/svg+xml', 'text/css']) {
  test(`${type} is compressed, an answer of our own never`, async () => {
    const asked = requestOf({ headers: { 'Accept-Encoding': 'gzip' } })
    const given = answerOf(200, { 'Content-Type': type }, 5000)
    const { run, answer } = await seen([{ compress: {} }], given, asked)
    expect(run.coders(answer)).toHaveLength(1)
    const own = ownDraft({
      status: 200,
      why: '',
      headers: ['Content-Type', type],
      body: Buffer.alloc(5000),
    })
    const again = chainOf([{ compress: {} }]).begin(asked)
    await again.enter()
    await again.answered(own, ownDraft)
    expect([again.coders(own), own.headers.has('content-encoding')]).toEqual([[], false])
  })
}

test('a body that is said to be too large is refused, another is counted', async () => {
  const list = [{ maxBody: { requestBytes: 10, responseBytes: 20 } }]
  const large = requestOf({ headers: { 'Content-Length': '11' } })
  expect((await passed(list, large)).answer?.status).toBe(413)
  const { run, answer } = await passed(list, requestOf({ headers: { 'Content-Length': '10' } }))
  expect(answer).toBeUndefined()
  expect(run.limits()).toMatchObject({ requestBytes: 10, responseBytes: 20 })
  expect(await run.answered(answerOf(200, {}, 20), ownDraft)).toBeUndefined()
  expect(await run.answered(answerOf(200, {}, 21), ownDraft)).toMatchObject({ status: 500 })
})

test('of several limits the strictest counts', async () => {
  const list = [
    { timeout: { firstByteMs: 10, connectMs: 5 } },
    { timeout: { firstByteMs: 7 } },
    { retry: { attempts: 2, maxBodyBytes: 100 } },
    { retry: { attempts: 2, maxBodyBytes: 50 } },
  ]
  const { run } = await passed(list)
  expect(run.limits()).toEqual({ firstByteMs: 7, connectMs: 5, keptBytes: 100 })
})

for (const [what, options, failure, expected] of [
  ['a refused connection', {}, { kind: 'connect' }, 100],
  ['the second time later', {}, { kind: 'connect', attempt: 2 }, 150],
  ['as often as is said', {}, { kind: 'connect', attempt: 3 }, undefined],
  ['a lost GET', {}, { kind: 'sent' }, 100],
  ['a GET that took too long', {}, { kind: 'timeout' }, 100],
  ['no lost POST', {}, { kind: 'sent', idempotent: false }, undefined],
  ['a refused POST', {}, { kind: 'connect', idempotent: false }, 100],
  ['a lost POST that may be', { nonIdempotent: true }, { kind: 'sent', idempotent: false }, 100],
  ['a bad status', { status: ['500-503'] }, { kind: 'status', status: 502 }, 100],
  ['no other status', { status: ['500-503', '404'] }, { kind: 'status', status: 504 }, undefined],
  [
    'no status of a POST',
    { status: ['5xx'] },
    { kind: 'status', status: 502, idempotent: false },
    undefined,
  ],
] as const) {
  test(`tried again: ${what}`, async () => {
    const retry = { attempts: 3, initialIntervalMs: 100, ...options }
    const { run } = await passed([{ retry }])
    const usual = { attempt: 1, kind: 'sent', status: undefined, idempotent: true } as const
    expect(run.again({ ...usual, ...failure })).toBe(expected)
  })
}

/** Error pages from a service that has one for each status but 503. */
function pages() {
  const asked: PageRequest[] = []
  const site = siteOf({
    pageOf(page) {
      asked.push(page)
      if (page.path.includes('503')) return Promise.resolve(undefined)
      const answer = { status: 200, why: '', headers: ['X-Page', '1'], body: Buffer.from('sorry') }
      return Promise.resolve(answer)
    },
  })
  return { asked, site }
}

test('an error gets its page from a service, and keeps its status; outer stages see the page', async () => {
  const { asked, site } = pages()
  const errors = { status: ['404', '500-599'], service: 'errors', path: '/{status}.html?u={url}' }
  const list = [{ headers: { response: { 'X-Outer': '1' } } }, { errorPages: errors }]
  const { run } = await passed(list, requestOf({ path: '/a' }), site)
  const own = await run.answered(answerOf(500), ownDraft)
  expect(own).toMatchObject({ status: 500, headers: ['X-Page', '1', 'X-Outer', '1'] })
  expect(own?.body?.toString()).toBe('sorry')
  expect(asked).toMatchObject([
    { asker: 'shop/web', service: 'errors', path: '/500.html?u=http%3A%2F%2Fshop.test%2Fa' },
  ])
})

test('without a page, and for other answers, what came is sent', async () => {
  const { site } = pages()
  const errors = { status: ['500-599'], service: 'errors', path: '/{status}' }
  const list = [{ headers: { response: { 'X-Outer': '1' } } }, { errorPages: errors }]
  const { run } = await passed(list, requestOf(), site)
  for (const status of [200, 404, 503]) {
    const answer = answerOf(status)
    expect(await run.answered(answer, ownDraft)).toBeUndefined()
    expect(answer.headers.get('x-outer')).toBe('1')
  }
})
