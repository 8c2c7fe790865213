import { messageOf } from '../../../core/errors.ts'
import { type LinearRegex, linearRegexOf } from '../../../core/rule/regex.ts'
import { type Reply, asker } from '../ask/ask.ts'
import { endToEnd, isOfOneHop } from '../ask/lines.ts'
import { type OwnAnswer, type RequestDraft, refusal } from '../draft.ts'
import { HeaderLines, isHeaderName } from '../header-lines.ts'
import type { Site, Stage, Step } from '../stage.ts'
import { cookiesInto } from './auth-cookies.ts'
import { type Asking, questionOf } from './question.ts'

type Options = Asking & {
  readonly address: string
  readonly responseHeaders: readonly string[]
  readonly responseHeadersRegex?: string | undefined
  readonly cookies: readonly string[]
  readonly maxBodyBytes?: number | undefined
}

const limitMs = 30_000
/** RFC 9110, 15. */
const lastStatus = 599
const unreadable = refusal(502, 'Whoever decides about access can not be understood.')
/** Of a body that the authority wants to see, unless it is said. */
const usualBytes = 1_048_576

/** Asks somebody else whether a request may go on: with 2xx it does, any other answer is the client's. */
export function forwardAuth(options: Options, { isOwn }: Site): Stage {
  const ask = asker(limitMs, isOwn)
  const url = new URL(options.address)
  const pattern = options.responseHeadersRegex
  const regex = pattern ? linearRegexOf(pattern) : undefined
  const { forwardBody, maxBodyBytes = usualBytes } = options

  return async (request): Promise<Step> => {
    const wanted = forwardBody && request.hasBody
    const body = wanted ? await request.readBody(maxBodyBytes) : undefined
    if (wanted && !body) return { answer: refusal(413, 'The request is too large.') }
    const question = questionOf(request, options, body)
    const left = new AbortController()
    request.over.tell(() => left.abort())
    const asked = ask({ url, body, ...question, signal: left.signal })
    const reply = await asked.catch((error: unknown) => failed(error))
    request.over.tell(undefined)
    if ('why' in reply) return { answer: reply }
    if (reply.status < 200 || reply.status > lastStatus) return { answer: unreadable }
    if (reply.status > 299) return { answer: passedOn(reply) }
    const lines = new HeaderLines(reply.headers)
    takeOver(request, lines, options.responseHeaders, regex)
    const cookies = lines.all('set-cookie')
    if (options.cookies.length === 0 || cookies.length === 0) return undefined
    return { hooks: { answered: ({ headers }) => cookiesInto(headers, cookies, options.cookies) } }
  }
}

/** What is wrong with the options, if anything. */
export function forwardAuthProblem({
  address,
  requestHeaders,
  responseHeaders,
}: Options): string | undefined {
  const protocol = URL.canParse(address) ? new URL(address).protocol : ''
  if (protocol !== 'http:' && protocol !== 'https:') {
    return `${JSON.stringify(address)} is no address of the form http://host:port/path`
  }
  const bad = [...requestHeaders, ...responseHeaders].find((name) => !isHeaderName(name))
  return bad === undefined ? undefined : `${JSON.stringify(bad)} is no name of a header`
}

function failed(error: unknown): OwnAnswer {
  const late = /aborted|timeout/i.test(messageOf(error))
  return late
    ? refusal(504, 'Whoever decides about access took too long.')
    : refusal(502, 'Whoever decides about access can not be asked.')
}

function passedOn({ status, headers, body }: Reply): OwnAnswer {
  return { status, why: '', headers: endToEnd(new HeaderLines(headers)).pairs(), body }
}

/** What the authority says of the client; what the client says itself of these is never believed. */
function takeOver(
  { headers }: RequestDraft,
  reply: HeaderLines,
  names: readonly string[],
  regex: LinearRegex | undefined,
): void {
  const isTaken = (name: string) => regex?.test(canonical(name)) === true && name !== 'host'
  headers.removeIf((name) => isTaken(name) && !isOfOneHop(name))
  const matching = [...reply.distinct()].filter(isTaken)
  for (const name of [...names, ...matching]) {
    if (isOfOneHop(name)) continue
    headers.remove(name)
    for (const value of reply.all(name)) headers.append(name, value)
  }
}

/** As Go writes names of headers, which is what expressions are written for. */
function canonical(name: string): string {
  return name.replaceAll(/(?<=^|-)[a-z]/g, (letter) => letter.toUpperCase())
}
