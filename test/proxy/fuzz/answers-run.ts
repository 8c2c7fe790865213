import { answerText } from '../../../src/proxy/exchange/answer-text.ts'
import { AnswerHead, framing } from '../../../src/proxy/http1/answer-head.ts'
import { chunk, ChunkScanner } from '../../../src/proxy/http1/chunks.ts'
import { more } from '../../../src/proxy/http1/fields.ts'
import { type Chance, chanceOf, piecesOf } from './chance.ts'
import { llhttpReading } from './llhttp.ts'
import { answerStream, chunkedBody } from './messages.ts'
import type { Fuzzed } from './requests-run.ts'

const head = new AnswerHead()

/** A tab may stand behind `chunked` (RFC 9110, 5.5), and Node doesn't see the word then. */
const hasTab = /chunked[ \t]*\t/i

/** Reads `cases` answers, cut short, whole, and as Node does; and the head that a client gets, as Node does. */
export function fuzzAnswers(cases: number, seed: number): Fuzzed {
  const chance = chanceOf(seed)
  const failures: string[] = []
  let [passed, refused] = [0, 0]
  for (let at = 0; at < cases; at++) {
    const text = answerStream(chance)
    const bytes = Buffer.from(text, 'latin1')
    const end = head.scan(bytes, 0, bytes.length)
    const wrong = end > 0 ? taken(chance, text, bytes, end) : undefined
    const other = partsWrong(chance, bytes, end) ?? wrong
    if (other !== undefined) failures.push(`${other}: ${JSON.stringify(text)}`)
    if (end > 0) passed++
    if (end < 0) refused++
  }
  return { cases, failures, passed, refused }
}

/** Whatever has come of a head: the rest is waited for, or the verdict is that of the whole. */
function partsWrong(chance: Chance, bytes: Buffer, whole: number): string | undefined {
  for (let turn = 0; turn < 3; turn++) {
    const length = chance.below(bytes.length + 1)
    const found = head.scan(bytes, 0, length)
    if (found !== more && found !== whole)
      return `${found} after ${length} bytes, and ${whole} of all`
  }
  return undefined
}

/** The head of `text` ends at `end`; its body is where Node finds it, and the head that goes on says the same. */
function taken(chance: Chance, text: string, bytes: Buffer, end: number): string | undefined {
  const isBare = chance.once(5)
  // cutting has used it
  head.scan(bytes, 0, bytes.length)
  const { status } = head
  const ends = head.framing(isBare)
  if (ends < 0 || status < 200) return undefined
  const { messages, error } = llhttpReading('answers', text, () => isBare)
  const [theirs] = messages
  if (!theirs) return `only we read it (${error})`
  if (theirs.status !== status) return `status ${status} and ${theirs.status}`
  if (hasTab.test(text)) return undefined
  // an upgrade without 101 is none to us
  if (theirs.isUpgrade) return undefined
  const body = text.slice(end)
  if (ends === framing.chunked && readChunks([body]).ends === 'bad') return undefined
  const mine = bodyOf(body, ends, head.contentLength)
  const isSame = mine === undefined ? !theirs.isComplete : mine === theirs.body
  const isTrailer = mine !== undefined && ends === framing.chunked && !theirs.isComplete
  if (!isSame && !isTrailer)
    return `body ${JSON.stringify(mine)} and ${JSON.stringify(theirs.body)} (${error})`
  const passed = answerText(head, bytes, ends === framing.length && head.isPlainLength, '')
  const again = llhttpReading('answers', passed, () => true)
  if (again.messages.length !== 1)
    return `what goes on is ${again.messages.length} answers (${again.error})`
  if (again.messages[0]?.status !== status) return 'what goes on has another status'
  const names = again.messages[0].headers.filter((_, at) => at % 2 === 0).join()
  return /(^|,)(transfer-encoding|connection|keep-alive|upgrade)(,|$)/i.test(names)
    ? `${names} go on`
    : undefined
}

/** The content, if it is whole. */
function bodyOf(text: string, ends: number, length: number): string | undefined {
  if (ends === framing.none) return ''
  if (ends === framing.length) return text.length < length ? undefined : text.slice(0, length)
  return ends === framing.close ? text : readChunks([text]).data
}

/** Bodies in chunks, in pieces and whole, and as Node reads them. */
export function fuzzChunks(cases: number, seed: number): Fuzzed {
  const chance = chanceOf(seed)
  const failures: string[] = []
  let [passed, refused] = [0, 0]
  for (let at = 0; at < cases; at++) {
    const text = chunkedBody(chance) + chance.pick(['', 'GET /', '\r\n'])
    const whole = readChunks([text])
    const split = readChunks(chance.once(10) ? text.split('') : piecesOf(chance, text))
    const wrong =
      JSON.stringify(whole) === JSON.stringify(split)
        ? otherReading(text, whole)
        : 'the pieces differ'
    if (wrong !== undefined) failures.push(`${wrong}: ${JSON.stringify(text)}`)
    if (whole.ends === 'done') passed++
    else refused++
  }
  return { cases, failures, passed, refused }
}

type Chunks = {
  readonly data: string | undefined
  readonly ends: 'more' | 'done' | 'bad'
  readonly passed: string
  readonly rest: number
}

function readChunks(pieces: readonly string[]): Chunks {
  const scanner = new ChunkScanner()
  let [data, passed, before] = ['', '', 0]
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, 'latin1')
    let found: number = chunk.data
    for (let at = 0; found !== chunk.more; at = scanner.end) {
      found = scanner.next(bytes, at, bytes.length)
      if (found === chunk.bad) return { data: undefined, ends: 'bad', passed: '', rest: 0 }
      if (found === chunk.data) data += bytes.latin1Slice(scanner.start, scanner.end)
      passed += bytes.latin1Slice(at, found === chunk.extra ? scanner.start : scanner.end)
      if (found === chunk.done) return { data, ends: 'done', passed, rest: before + scanner.end }
    }
    before += bytes.length
  }
  return { data: undefined, ends: 'more', passed: '', rest: 0 }
}

function otherReading(text: string, { data, ends, passed, rest }: Chunks): string | undefined {
  if (ends !== 'done') return undefined
  const first = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
  const [theirs] = llhttpReading('answers', first + text.slice(0, rest)).messages
  if (theirs?.body !== data) return `content ${data} and ${theirs?.body}`
  const again = llhttpReading('answers', first + passed)
  const [what] = again.messages
  const isSame = again.error === undefined && what?.isComplete === true && what.body === data
  return isSame ? undefined : `what goes on is read as ${what?.body} (${again.error})`
}
