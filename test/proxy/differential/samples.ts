import type { Chance } from '../fuzz/chance.ts'

/** A body and how its end is told. */
type Body = {
  readonly content: string
  readonly framed: string
  readonly lines: readonly string[]
}

/** One request, and the answer that the endpoint has for it. */
export type Sample = {
  readonly method: string
  readonly request: string
  readonly answer: string
  /** The answer ends with its connection. */
  readonly closes: boolean
}

const methods = 'GET GET GET GET POST POST PUT PATCH DELETE OPTIONS HEAD HEAD PROPFIND'.split(' ')
const targets = [
  '/',
  '/a/b.html',
  '/a?b=c&d',
  '/%e4%00',
  '/a%2fb;c=d',

  '/?',
  "/!$&'()*+,-.:@_~",
]
const ofRequests = [
  [
    'Accept: text/html, */*;q=0.8',
    'Accept: a',
    'User-Agent: test (x; y)',
    'Cookie: a=b; c="d"',
    'X-Empty:',
  ],
  [
    'X-Blank: \t a b \t',
    'X-List: a',
    'X-List: b, c',
    'X-Byte: \xe4\xff',
    "!#$%&'*+-.^_`|~: odd",
    'Range: bytes=0-1',
  ],
  [
    'If-None-Match: "a"',
    'Authorization: Basic YTpi',
    `X-Long: ${'l'.repeat(3000)}`,
    'X-Hop: 1',
    'TE: trailers',
  ],
].flat()
const ofAnswers = [
  [
    'Content-Type: text/html; charset=utf-8',
    'Set-Cookie: a=b; Path=/',
    'Set-Cookie: c=d',
    'Cache-Control: no-store',
  ],
  [
    'X-List: a',
    'X-List: b',
    'Vary: Accept',
    'X-Byte: \xe4',
    'Server: s',
    'X-Empty:',
    'Link: <a>; rel=b',
  ],
  [`X-Long: ${'m'.repeat(5000)}`, 'Location: /a?b', 'WWW-Authenticate: Basic realm="a"'],
].flat()
const units = [
  'hello ',
  '\r\n',
  '0\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  'HTTP/1.1 200 OK\r\n\r\n',
  '\0\xff\x80',
  'z',
]
const statuses = [
  '200 OK',
  '200 OK',
  '201 Created',
  '206 Part',
  '301 Moved',
  '404 Not Found',
  '500 Oops',
  '418 ',
  '299',
]

/** A body of 0 bytes to 200 KiB. */
function contentOf(chance: Chance): string {
  const size =
    chance.below(chance.pick([1, 10, 100, 5000, 5000, 70_000, 200 * 1024])) + chance.below(2)
  const unit = chance.pick(units)
  return unit.repeat(Math.ceil(size / unit.length)).slice(0, size)
}

function counted(content: string): Body {
  return { content, framed: content, lines: [`Content-Length: ${content.length}`] }
}

/** Chunks of random sizes, with extensions and trailers that go no further. */
function chunked(chance: Chance, content: string): Body {
  let framed = ''
  for (let at = 0; at < content.length;) {
    const piece = content.slice(at, at + 1 + chance.below(chance.pick([3, 100, 40_000])))
    framed += `${piece.length.toString(16)}${chance.once(5) ? ';a="b;\\""' : ''}\r\n${piece}\r\n`
    // a long body in tiny chunks is as good when it is shorter
    at += piece.length
    if (framed.length > 400_000)
      return { ...chunked(chance, content.slice(0, at)), content: content.slice(0, at) }
  }
  framed += `0\r\n${chance.once(4) ? 'X-Trailer: a\r\n' : ''}\r\n`
  return { content, framed, lines: ['Transfer-Encoding: chunked'] }
}

function headersOf(chance: Chance, from: readonly string[], must: readonly string[]): string {
  const chosen = from.filter(() => chance.once(5))
  const lines = chance.once(2) ? [...chosen, ...must] : [...must, ...chosen]
  return lines.map((line) => `${line}\r\n`).join('')
}

/** Whatever a well-behaved client may ask, and a well-behaved endpoint may answer; `id` tells which it is. */
export function sampleOf(chance: Chance, id: string, isFirst: boolean, isLast: boolean): Sample {
  const method = chance.pick(methods)
  const isOld = isLast && chance.once(8)
  const { framed, lines } = requestBody(chance, method, isOld)
  const connection = isOld
    ? []
    : isLast && chance.once(2)
      ? ['Connection: close']
      : chance.once(5)
        ? ['Connection: keep-alive']
        : []
  // behind others Node says 100 in the midst of their answers
  const expects =
    isFirst && framed !== '' && !isOld && chance.once(8) ? ['Expect: 100-continue'] : []
  const must = ['Host: shop.test', `X-Case: ${id}`, ...lines, ...expects, ...connection]
  const first = `${method} ${chance.pick(targets)} HTTP/1.${isOld ? 0 : 1}\r\n`
  const request = `${first}${headersOf(chance, ofRequests, must)}\r\n${framed}`
  return { method, request, ...answerOf(chance, method) }
}

const nothing: Body = { content: '', framed: '', lines: [] }

function requestBody(chance: Chance, method: string, isOld: boolean): Body {
  const mayHave = method !== 'HEAD' && (method !== 'GET' || chance.once(6))
  if (!mayHave || chance.once(6)) return nothing
  // http-proxy breaks the framing of the one, and HTTP/1.0 has none of it
  const isCounted = isOld || method === 'DELETE' || method === 'OPTIONS' || chance.once(2)
  const content = contentOf(chance)
  return isCounted ? counted(content) : chunked(chance, content)
}

function answerOf(
  chance: Chance,
  method: string,
): { readonly answer: string; readonly closes: boolean } {
  const interim = chance.once(12) ? 'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n' : ''
  const head = (status: string, lines: readonly string[], version = 1) =>
    `${interim}HTTP/1.${version} ${status}\r\n${headersOf(chance, ofAnswers, lines)}\r\n`
  if (chance.once(10)) return { answer: head('204 No Content', []), closes: false }
  if (chance.once(10)) return { answer: head('304 Not Modified', ['ETag: "y"']), closes: false }
  const status = chance.pick(statuses)
  const content = contentOf(chance)
  const framing = chance.below(5)
  if (method === 'HEAD') return { answer: head(status, counted(content).lines), closes: false }
  if (framing === 0) return { answer: head(status, ['Connection: close']) + content, closes: true }
  if (framing === 1) return { answer: head(status, [], 0) + content, closes: true }
  const { framed, lines } = framing === 2 ? counted(content) : chunked(chance, content)
  return { answer: head(status, lines) + framed, closes: false }
}
