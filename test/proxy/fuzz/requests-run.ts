import { type Chance, chanceOf, piecesOf } from './chance.ts'
import { llhttpReading, type Message } from './llhttp.ts'
import { requestStream } from './messages.ts'
import { ourReading, type Reading, type Taken } from './ours.ts'

export type Fuzzed = {
  readonly cases: number
  /** What went wrong, with the bytes that did it; empty is what is wanted. */
  readonly failures: readonly string[]
  /** Messages that went through, and streams that ended in a refusal: so that nobody takes noise for a test. */
  readonly passed: number
  readonly refused: number
}

/** Names that do not go on, or not as they came. */
const ours =
  /^(connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-length|proxy-.*|via|forwarded|x[-_](forwarded|real|request).*)$/

const trailerErrors = new Set(['HPE_INVALID_CONTENT_LENGTH', 'HPE_INVALID_TRANSFER_ENCODING'])

/** Reads `cases` streams of requests, whole, in pieces, and as Node does; and what we would pass on, as Node does. */
export function fuzzRequests(cases: number, seed: number): Fuzzed {
  const chance = chanceOf(seed)
  const failures: string[] = []
  let [passed, refused] = [0, 0]
  for (let at = 0; at < cases; at++) {
    // so that nothing waits for the end of a line
    const text = `${requestStream(chance)}\r\n\r\n`
    const reading = ourReading([text])
    const wrong = splitsWrong(chance, text, reading) ?? differs(text, reading)
    if (wrong !== undefined) failures.push(`${wrong}: ${JSON.stringify(text)}`)
    passed += reading.taken.filter(({ isComplete }) => isComplete).length
    if (reading.status !== 0) refused++
  }
  return { cases, failures, passed, refused }
}

function splitsWrong(chance: Chance, text: string, whole: Reading): string | undefined {
  const pieces = chance.once(20) ? text.split('') : piecesOf(chance, text)
  const split = ourReading(pieces)
  const [one, other] = [verdictOf(whole), verdictOf(split)]
  return one === other
    ? undefined
    : `in pieces ${JSON.stringify(pieces)} ${other} instead of ${one}`
}

/** How much of a bad body goes on before it is found to be bad depends on the pieces. */
function verdictOf({ taken, ...end }: Reading): string {
  const shown = taken.map((one) => (one.isComplete ? one : { ...one, passed: '' }))
  return JSON.stringify([shown, end])
}

/** Whether Node reads something else than we in what we take, or in what we make of it. */
function differs(text: string, { taken }: Reading): string | undefined {
  const { messages, error } = llhttpReading('requests', text)
  for (const [at, mine] of taken.entries()) {
    const theirs = messages[at]
    if (!theirs)
      return isOnlyOurs(mine, messages.at(-1), error)
        ? undefined
        : `only we read request ${at} (${error})`
    const wrong = compared(mine, theirs, error)
    if (wrong !== undefined) return `request ${at}: ${wrong}`
    // what follows is another protocol to it, and a request to us
    if (theirs.isUpgrade || !theirs.isComplete) return undefined
  }
  return undefined
}

/** Node has a list of methods, and closes for a header that is none of HTTP. */
function isOnlyOurs(
  { method }: Taken,
  last: Message | undefined,
  error: string | undefined,
): boolean {
  if (error === 'HPE_INVALID_METHOD')
    return !/^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH)$/.test(method)
  const names = last?.headers.filter((_, at) => at % 2 === 0) ?? []
  return error === 'HPE_CLOSED_CONNECTION' && names.some((name) => /^proxy-connection$/i.test(name))
}

function compared(mine: Taken, theirs: Message, stopped: string | undefined): string | undefined {
  if (mine.method !== theirs.method) return `method ${mine.method} and ${theirs.method}`
  if (mine.target !== theirs.url) return `target ${mine.target} and ${theirs.url}`
  if (mine.isComplete && !theirs.isComplete && !theirs.isUpgrade) {
    // trailers go no further, so we don't mind what they say
    const isTrailer = mine.passed.endsWith('0\r\n\r\n') && trailerErrors.has(stopped ?? '')
    return isTrailer ? undefined : `only for us it is whole (${stopped})`
  }
  const { messages, error } = llhttpReading('requests', mine.passed)
  const [again, ...more] = messages
  if (!again || more.length > 0)
    return `what we pass on is read as ${messages.length} requests (${error})`
  if (mine.isUpgrade) return undefined
  if (mine.isComplete && (error !== undefined || !again.isComplete))
    return `what we pass on has no end (${error})`
  if (again.method !== mine.method || again.url !== mine.forwarded)
    return `we pass on ${again.method} ${again.url}`
  if (!theirs.isUpgrade && mine.isComplete && again.body !== theirs.body)
    return `body ${again.body} and ${theirs.body}`
  return headersDiffer(theirs.headers, again.headers)
}

/** Headers that go through arrive as they were, in order; no one else's do. */
function headersDiffer(sent: readonly string[], passed: readonly string[]): string | undefined {
  const named = valuesOf(sent, 'connection').flatMap((value) =>
    value.split(',').map((one) => one.trim().toLowerCase()),
  )
  const hop = new Set(named.filter((name) => name !== 'host'))
  const [one, other] = [sent, passed].map((list) => JSON.stringify(endToEnd(list, hop)))
  return one === other ? undefined : `headers ${one} and ${other}`
}

function endToEnd(headers: readonly string[], hop: ReadonlySet<string>): readonly string[] {
  const kept: string[] = []
  for (let at = 0; at < headers.length; at += 2) {
    const name = (headers[at] ?? '').toLowerCase()
    if (!ours.test(name) && !hop.has(name)) kept.push(`${headers[at]}: ${headers[at + 1]}`)
  }
  return kept
}

function valuesOf(headers: readonly string[], name: string): readonly string[] {
  return headers.filter((_, at) => at % 2 === 1 && (headers[at - 1] ?? '').toLowerCase() === name)
}
