import { expect, test } from 'vitest'

import { type Middleware, middlewareSchema } from '../../../src/core/middleware.ts'
import { chains } from '../../../src/proxy/middleware/chains.ts'
import type { OwnAnswer } from '../../../src/proxy/middleware/draft.ts'
import { middlewareProblem } from '../../../src/proxy/middleware/kinds.ts'
import { Run } from '../../../src/proxy/middleware/run.ts'
import type { Stage } from '../../../src/proxy/middleware/stage.ts'
import { answerOf, ownDraft, requestOf, siteOf } from './drafts.ts'

function read(one: object): Middleware {
  return middlewareSchema.parse(one)
}

for (const [middleware, problem] of [
  [{ replacePathRegex: { regex: '(', replacement: '' } }, /^replacePathRegex: .*no regular expr/],
  [{ stripPrefixRegex: ['(?=a)'] }, /^stripPrefixRegex: .*look-around/],
  [{ cors: { originRegexes: ['['] } }, /^cors: /],
  [{ redirectRegex: { regex: 'a{999}{9}', replacement: '' } }, /^redirectRegex: /],
  [{ allowIp: { ranges: ['10.0.0.0/40'] } }, /^allowIp: "10.0.0.0\/40" is no address/],
  [{ rateLimit: { average: 1, source: { ipExclude: ['x'] } } }, /^rateLimit: "x" is no/],
  [{ inFlight: { amount: 1, source: { ipExclude: ['x'] } } }, /^inFlight: "x" is no/],
  [{ headers: { request: { 'a b': '1' } } }, /"a b" is no name/],
  [{ headers: { response: { a: 'x\r\ny: z' } } }, /header a has control characters/],
  [{ headers: { response: { 'Content-Length': '1' } } }, /Content-Length is the connection's/],
  [{ basicAuth: { users: ['ann:x'], userHeader: 'a:b' } }, /"a:b" is no name/],
  [{ digestAuth: { users: ['ann:x'] } }, /not written as htdigest/],
  [{ forwardAuth: { address: 'auth:9091' } }, /no address of the form/],
  [{ forwardAuth: { address: 'http://a', responseHeaders: ['a b'] } }, /"a b" is no name/],
  [{ forwardAuth: { address: 'http://a', responseHeadersRegex: '(' } }, /no regular/],
  [{ circuitBreaker: { expression: 'x' } }, /"x" is no number and no function/],
  [{ retry: { attempts: 1, status: ['many'] } }, /"many" is no status/],
  [{ errorPages: { status: ['599-500'], service: 'a', path: '/' } }, /"599-500" is no status/],
  [{ compress: { encodings: ['lz4'] } }, /no encoding lz4/],
] as const) {
  test(`a problem: ${JSON.stringify(middleware)}`, () => {
    expect(middlewareProblem(read(middleware))).toMatch(problem)
  })
}

for (const middleware of [
  { stripPrefix: ['/a'] },
  { allowHosts: ['a'] },
  { maxBody: {} },
  { timeout: {} },
  { forwardAuth: { address: 'https://auth:9091/verify' } },
  { circuitBreaker: { expression: 'NetworkErrorRatio() > 0.3' } },
  { chain: ['a'] },
]) {
  test(`no problem: ${JSON.stringify(middleware)}`, () => {
    expect(middlewareProblem(read(middleware))).toBeUndefined()
  })
}

const at = (key: string) => ({ key, service: 'shop/web' })

test('no middlewares, no chain', () => {
  expect(chains(siteOf()).of(at('r'), [])).toBeUndefined()
})

test('a middleware that did not change keeps what it counts, whatever else changes', async () => {
  const made = chains(siteOf())
  const limit = (amount: number) => ({ name: 'limit', middleware: read({ inFlight: { amount } }) })
  const other = { name: 'other', middleware: read({ addPrefix: '/a' }) }
  const breaker = (expression: string) => ({
    name: 'breaker',
    middleware: read({ circuitBreaker: { expression } }),
  })
  const broken = breaker('NetworkErrorRatio() > 0')
  const first = made.of(at('r'), [limit(1), broken])
  expect(made.of(at('r'), [limit(1), broken])).toBe(first)
  const run = first?.begin(requestOf())
  expect(await run?.enter()).toBeUndefined()
  run?.done(502, true)
  const ask = (list: Parameters<typeof made.of>[1], route = 'r') =>
    made.of(at(route), list)?.begin(requestOf()).enter()
  expect(await ask([other, broken])).toMatchObject({ status: 503 })
  expect(await ask([other, broken], 'r2')).toBeUndefined()
  expect(await ask([breaker('NetworkErrorRatio() > 0.1')])).toBeUndefined()
  made.of(at('r'), [broken])
  made.forget('r')
  expect(await ask([broken])).toBeUndefined()
})

/** A stage that notes what it sees under its name. */
function noting(name: string, seen: string[], later = false): Stage {
  return () => {
    seen.push(`${name} in`)
    const hooks = {
      answered: () => void seen.push(`${name} out`),
      done: () => void seen.push(`${name} done`),
    }
    return later ? Promise.resolve({ hooks }) : { hooks }
  }
}

test('stages see requests from the outside in and answers from the inside out', async () => {
  const seen: string[] = []
  const run = new Run([noting('a', seen), noting('b', seen, true)], requestOf(), () => 0)
  expect(await run.enter()).toBeUndefined()
  await run.answered(answerOf(), ownDraft)
  run.done(200, false)
  run.done(200, false)
  expect(seen).toEqual(['a in', 'b in', 'b out', 'a out', 'a done', 'b done'])
})

test('a refusal is seen by those outside of it alone', async () => {
  const seen: string[] = []
  const answer: OwnAnswer = { status: 403, why: '', headers: [] }
  const run = new Run(
    [noting('a', seen), () => ({ answer }), noting('b', seen)],
    requestOf(),
    () => 0,
  )
  expect(await run.enter()).toBe(answer)
  await run.answered(ownDraft(answer), ownDraft)
  run.done(403, false)
  expect(seen).toEqual(['a in', 'a out', 'a done'])
})

test('a client that leaves while a stage still thinks leaves nothing behind', async () => {
  const seen: string[] = []
  const run = new Run([noting('a', seen, true), noting('b', seen)], requestOf(), () => 0)
  const entered = run.enter()
  run.done(undefined, false)
  expect(await entered).toBeUndefined()
  expect(seen).toEqual(['a in', 'a done'])
})
