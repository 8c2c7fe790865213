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

/** Whether the answer to a request, counted from 0, has no body, as with HEAD. */
export type IsBare = (request: number) => boolean

/** Reads messages with llhttp, strict as Node has it. */
export class MessageReader {
  readonly messages: Message[] = []
  error: string | undefined
  private readonly parser = new HTTPParser()
  private readonly isBare: IsBare
  private early: string[] = []
  private url = ''
  private isIn = false

  constructor(kind: 'requests' | 'answers', isBare: IsBare = () => false) {
    const { parser } = this
    this.error = undefined
    this.isBare = isBare
    parser.initialize(kind === 'requests' ? HTTPParser.REQUEST : HTTPParser.RESPONSE, {}, 1e6, 0)
    parser[HTTPParser.kOnHeaders] = (headers, target) => {
      // those of trailers don't matter
      if (!this.isIn) this.early.push(...headers)
      if (!this.isIn) this.url += target
    }
    parser[HTTPParser.kOnHeadersComplete] = (
      _major,
      _minor,
      headers = this.early,
      method = -1,
      url = this.url,
      status = 0,
      _reason,
      isUpgrade,
    ) => {
      const one = { method: methods[method] ?? '', url, status, headers, isUpgrade }
      return this.begins({ ...one, body: '', isComplete: false })
    }
    parser[HTTPParser.kOnBody] = (bytes) => {
      const last = this.messages.at(-1)
      if (last) last.body += bytes.latin1Slice()
    }
    parser[HTTPParser.kOnMessageComplete] = () => {
      const last = this.messages.at(-1)
      if (last) last.isComplete = true
      this.isIn = false
      this.early = []
    }
  }

  push(bytes: Buffer): void {
    if (this.error === undefined) this.note(this.parser.execute(bytes))
  }

  /** Nothing more comes. */
  end(): void {
    if (this.error === undefined) this.note(this.parser.finish())
    this.parser.close()
  }

  private begins(message: Message): 0 | 1 {
    this.messages.push(message)
    this.early = []
    this.url = ''
    this.isIn = true
    const interims = this.messages.filter(({ status }) => status >= 100 && status < 200).length
    return this.isBare(this.messages.length - 1 - interims) ? 1 : 0
  }

  private note(found: unknown): void {
    if (found instanceof Error) this.error = 'code' in found ? String(found.code) : found.message
  }
}

/** What llhttp reads in `text`. */
export function llhttpReading(
  kind: 'requests' | 'answers',
  text: string,
  isBare?: IsBare,
): Reading {
  const reader = new MessageReader(kind, isBare)
  reader.push(Buffer.from(text, 'latin1'))
  reader.end()
  return reader
}
