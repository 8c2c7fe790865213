import { HTTPParser, methods } from 'node:_http_common'

/** One message as Node's own parser reads it. */
export type Message = {
  readonly method: string
  readonly url: string
  readonly status: number
  /** Names and values in turn. */
  readonly headers: readonly string[]
  body: string
  isComplete: boolean
  /** What comes after its head is another protocol. */
  readonly isUpgrade: boolean
}

/** Messages, and why the reading stopped, if it did. */
export type Reading = { readonly messages: readonly Message[]; readonly error: string | undefined }

/** What llhttp, strict as Node has it, reads in `text`. `isBare`: whether the answer to a request, counted from 0, has no body, as with HEAD. */
export function llhttpReading(
  kind: 'requests' | 'answers',
  text: string,
  isBare: (request: number) => boolean = () => false,
): Reading {
  const parser = new HTTPParser()
  const messages: Message[] = []
  let early: string[] = []
  let url = ''
  let isIn = false
  parser.initialize(
    kind === 'requests' ? HTTPParser.REQUEST : HTTPParser.RESPONSE,
    {},
    1_000_000,
    0,
  )
  parser[HTTPParser.kOnHeaders] = (headers, target) => {
    // those of trailers don't matter
    if (!isIn) early.push(...headers)
    if (!isIn) url += target
  }
  parser[HTTPParser.kOnHeadersComplete] = (
    _major,
    _minor,
    headers,
    method,
    target,
    status,
    _reason,
    isUpgrade,
  ) => {
    messages.push({
      method: methods[method ?? -1] ?? '',
      url: target ?? url,
      status: status ?? 0,
      headers: headers ?? early,
      body: '',
      isComplete: false,
      isUpgrade,
    })
    early = []
    url = ''
    isIn = true
    const interims = messages.filter(({ status: one }) => one >= 100 && one < 200).length
    return isBare(messages.length - 1 - interims) ? 1 : 0
  }
  parser[HTTPParser.kOnBody] = (bytes) => {
    const last = messages.at(-1)
    if (last) last.body += bytes.toString('latin1')
  }
  parser[HTTPParser.kOnMessageComplete] = () => {
    const last = messages.at(-1)
    if (last) last.isComplete = true
    isIn = false
    early = []
  }
  const found = parser.execute(Buffer.from(text, 'latin1'))
  const failed = found instanceof Error ? found : parser.finish()
  parser.close()
  return { messages, error: failed instanceof Error ? failed.code : undefined }
}
