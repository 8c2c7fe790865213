import { type Chance, spoiled } from './chance.ts'

const methods = 'GET GET GET HEAD POST POST PUT DELETE OPTIONS PATCH PROPFIND'.split(' ')
const targets = [
  [
    '/',
    '/a',
    '/a/b?c=d',
    '/%00',
    '/a%2fb',
    '/a/../b',
    '/./a',
    '/%2e%2e/a',
    '//a',
    '/a;b=c',
    '/?',
    '/a?b?c',
  ],
  [
    '*',
    'http://shop.test/a',
    'http://shop.test',
    'http://shop.test?a',
    'HTTP://SHOP.TEST/',
    '/é',
    'a',
    '/a#b',
  ],
].flat()
const hosts = [
  'shop.test',
  'shop.test',
  'shop.test',
  'SHOP.test',
  'shop.test:80',
  'shop.test.',
  'a.test',
  '',
  '[::1]:80',
]
const lengths = '0 1 5 5 5 10 05 +5 -1 5,5 0x5 5.0 9007199254740993 18446744073709551617'.split(' ')
const codings = [
  [
    'chunked',
    'chunked',
    'chunked',
    'Chunked',
    ' chunked ',
    'gzip, chunked',
    'chunked, chunked',
    'identity',
  ],
  ['xchunked', 'chunked;a=b', ',chunked', 'chunked,', '', 'gzip'],
].flat()
const connections = [
  [
    'close',
    'keep-alive',
    'Close',
    'upgrade',
    'Upgrade, close',
    'x-a',
    'host',
    'content-length',
    'te, close',
    '',
  ],
  ['transfer-encoding', 'keep-alive, x-b', 'close, keep-alive', ' close '],
].flat()
const others = [
  [
    'X-A: 1',
    'X-B:2',
    'X-C: \t3 \t',
    'X-D:',
    'Accept: a, b;q=1',
    'Cookie: a=b; c="d"',
    'Via: 1.1 a',
    'TE: trailers',
  ],
  ['Expect: 100-continue', 'Upgrade: websocket', 'Upgrade: h2c', 'Trailer: a', 'X-E: \xe4\xff'],
  [
    'X-Forwarded-For: 1.2.3.4',
    'x_forwarded_for: 1',
    'Forwarded: for=a',
    'X-Request-Id: a',
    'Keep-Alive: 5',
  ],
  [
    'Proxy-Connection: close',
    'Content_Length: 5',
    'Content-Type: text/plain',
    "!#$%&'*+-.^_`|~: b",
    'Date: now',
  ],
].flat()
const contents = [
  'hello',
  'GET /evil HTTP/1.1\r\nHost: shop.test\r\n\r\n',
  '0\r\n\r\n',
  '\r\n',
  'HTTP/1.1 200 OK\r\n\r\n',
  'a',
]
const extensions = ['', '', '', ';a', ';a=b', ';a="b\\"c";d', ';', ' ;a', ';a=', ';a\n=b', '\t']
const trailers = [
  '',
  '',
  '',
  'A: b\r\n',
  'Content-Length: 5\r\n',
  'A : b\r\n',
  'A: b\nC: d\r\n',
  ' a: b\r\n',
]

/** A body in chunks, mostly a right one. */
export function chunkedBody(chance: Chance): string {
  let text = ''
  for (let left = chance.below(4); left > 0; left--) {
    const content = chance.pick(contents)
    const size = chance.once(20)
      ? chance.pick(['0x5', '+5', '-5', '', ' 5', 'fffffffffffffffff', '1_0'])
      : sizeOf(chance, content)
    text += `${size}${chance.once(8) ? chance.pick(extensions) : ''}\r\n${content}\r\n`
  }
  return `${text}${chance.pick(['0', '0', '00', '0;a'])}\r\n${chance.once(6) ? chance.pick(trailers) : ''}\r\n`
}

function sizeOf(chance: Chance, content: string): string {
  const size = content.length.toString(16)
  return chance.pick([size, size, size.toUpperCase(), `0${size}`])
}

/** Headers in random order, and a body that fits what they say, mostly. */
function rest(chance: Chance, first: readonly string[]): string {
  const lines = [...first]
  let body = ''
  for (let left = chance.below(5); left > 0; left--) lines.push(chance.pick(others))
  if (chance.once(4)) lines.push(`Connection: ${chance.pick(connections)}`)
  const framing = chance.below(chance.once(4) ? 8 : 7)
  if (framing === 0 || framing === 7) {
    body = chance.pick(contents)
    lines.push(`Content-Length: ${chance.once(8) ? chance.pick(lengths) : body.length}`)
  }
  if (framing === 1 || framing === 7) {
    body = chunkedBody(chance)
    lines.push(`Transfer-Encoding: ${chance.once(8) ? chance.pick(codings) : 'chunked'}`)
  }
  if (lines.length > 0 && chance.once(12)) lines.push(chance.pick(lines))
  const shuffled = lines
    .map((line) => ({ line, at: chance.below(1000) }))
    .toSorted((a, b) => a.at - b.at)
  return `${shuffled.map(({ line }) => `${line}\r\n`).join('')}\r\n${body}`
}

function request(chance: Chance): string {
  const method = chance.once(50)
    ? chance.pick(['get', 'CONNECT', 'TRACE', 'G:T', ''])
    : chance.pick(methods)
  const target = chance.below(4) > 0 ? '/' : chance.pick(targets)
  const version = chance.once(10) ? chance.pick(['1.0', '1.2', '2.0', '1.10', '0.9', '1,1']) : '1.1'
  const host = chance.once(20) ? [] : [`Host: ${chance.once(8) ? chance.pick(hosts) : 'shop.test'}`]
  return `${method} ${target} HTTP/${version}\r\n${rest(chance, host)}`
}

/** One to three requests, of which something may be wrong. */
export function requestStream(chance: Chance): string {
  let text = Array.from({ length: 1 + chance.below(3) }, () => request(chance)).join('')
  for (let left = chance.below(4) - 1; left > 0; left--) text = spoiled(chance, text)
  return text
}

const statuses = [
  '200 OK',
  '200 OK',
  '200',
  '200 ',
  '404 Not Found',
  '204 No Content',
  '304 Not Modified',
  '500 \xe4',
]

/** An answer, of which something may be wrong, and what comes after it. */
export function answerStream(chance: Chance): string {
  let text = ''
  while (chance.once(6))
    text += `HTTP/1.1 ${chance.pick(['100 Continue', '103 Early Hints', '101 Switch', '199 '])}\r\n${chance.once(2) ? 'Link: a\r\n' : ''}\r\n`
  text += `HTTP/1.${chance.once(8) ? 0 : 1} ${chance.pick(statuses)}\r\n${rest(chance, [])}`
  if (chance.once(10)) text += chance.pick(contents)
  for (let left = chance.below(4) - 1; left > 0; left--) text = spoiled(chance, text)
  return text
}
