import { normalHost } from '../../core/rule/host.ts'
import type { RequestView } from '../../core/rule/request.ts'
import type { Expected } from '../http1/answer-taker.ts'
import { flat } from '../http1/bytes.ts'
import { coding } from '../http1/fields.ts'
import { methodOf, type RequestHead } from '../http1/request-head.ts'
import type { Content } from '../http1/request-taker.ts'
import { normalPath, strippedPath } from '../paths.ts'
import type { TableRoute, Target } from '../table/route.ts'
import { refusal, unusualTarget } from './admit.ts'
import { type Answer, badRequest, loop, otherHost } from './answers.ts'
import { wayOf } from './forwarded.ts'
import { endToEnd, type Origin, originText, saidIn } from './request-text.ts'

/** What somebody has looked at. */
export const looked = { path: 1, deeper: 2 } as const

const slash = 0x2f
/** A head of more characters is not kept until the next one comes: clients that ask nothing would fill the memory. */
const mostKept = 4096
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/** What one client asks for; the same object for all requests of a connection, one after the other. */
export class Asked implements RequestView {
  host = ''
  readonly ip: string
  readonly isTrusted: boolean
  verb = ''
  minor = 1
  /** With the question mark, or empty. */
  search = ''
  /** What rules have looked at besides the host, bits of `looked`. */
  looks = 0
  content: Content = 'none'
  /** Of content whose end is counted. */
  length = 0
  /** It may be sent again even if an endpoint may have acted on it. */
  isRepeatable = false
  waitsForContinue = false
  isUpgrade = false
  expected: Expected = 'content'
  keepsAlive = false
  readonly origin: Origin
  private route = ''
  /** The Host header. */
  hostText = ''
  /** The target as it came. */
  sent = ''
  /** The head as it came, without the empty line; and where its headers begin. */
  text = ''
  private fieldsAt = 0
  /** The request line can go on as it is. */
  private isPlain = false
  private hasLength = false
  private passed = ''
  private originText = ''
  /** Which host `cachedOrigin` is for. */
  private originHost = ''
  private cachedOrigin = ''
  /** A peer whose word counts gave the request an id. */
  hasId = false

  constructor(origin: Origin, isTrusted: boolean) {
    this.ip = origin.peer
    this.origin = origin
    this.isTrusted = isTrusted
  }

  get path(): string {
    this.looks |= looked.path
    return this.route
  }

  /** It asks nobody behind us. */
  get isForUs(): boolean {
    return this.route === '*'
  }

  /** All header lines. */
  get fields(): string {
    return this.text.slice(this.fieldsAt)
  }

  get method(): string {
    this.looks |= looked.deeper
    return this.verb
  }

  /** To a proxy before us, whose word counts. */
  get cameByTls(): boolean {
    if (!this.isTrusted) return false
    const proto = this.headers('x-forwarded-proto').at(-1)
    return (proto ?? wayOf(this.headers('forwarded').join()).proto) === 'https'
  }

  /** `own`, which ends a line, unless a peer whose word counts gave one. */
  requestId(own: string): string {
    const given = this.hasId ? this.headers('x-request-id').at(-1) : undefined
    return given ?? own.slice(0, -2)
  }

  /** Takes over a head. Undefined, or why it is refused. */
  read(head: RequestHead, bytes: Buffer): Answer | undefined {
    this.verb = methodOf(bytes, head.start, head.methodEnd)
    this.minor = head.minor
    this.text = bytes.latin1Slice(head.start, head.end - 2)
    this.fieldsAt = head.fieldsStart - head.start
    this.keepsAlive = !head.close && (head.minor === 1 || head.keepAlive)
    const refused =
      refusal(head, bytes, this.verb) ?? this.readHost(head) ?? this.readTarget(head, bytes)
    if (refused) return refused
    this.readContent(head, bytes)
    if (head.via >= 0 && this.hasPassed()) return loop
    this.passed = endToEnd(head, this.text, this.isTrusted)
    this.readOrigin(head, bytes)
    return undefined
  }

  /** The request is answered. Says whether its head was so large that nothing of it, not even a part, is kept. */
  forget(): boolean {
    if (this.text.length <= mostKept) return false
    this.text = ''
    this.passed = ''
    this.sent = ''
    this.route = ''
    this.search = ''
    this.hostText = ''
    this.host = ''
    this.originHost = ''
    this.originText = ''
    return true
  }

  /** The whole head for an endpoint; `id` ends a line and is used unless a trusted peer gave one. */
  textFor(route: TableRoute, target: Target, id: string): string {
    const added = this.added(id)
    if (this.isPlain && route.passHost && route.stripPrefixes.length === 0) {
      return `${this.passed}${added}\r\n`
    }
    const { path, prefix } = strippedPath(this.route, route.stripPrefixes)
    const passed = this.passed.slice(this.fieldsAt)
    const fields = route.passHost ? passed : withHost(passed, target)
    const told = prefix === '' ? '' : `x-forwarded-prefix: ${prefix}\r\n`
    return `${this.verb} ${path}${this.search} HTTP/1.1\r\n${fields}${added}${told}\r\n`
  }

  /** All values of a header; `name` in lower case. */
  headers(name: string): readonly string[] {
    const { text } = this
    const values: string[] = []
    this.looks |= looked.deeper
    for (let at = this.fieldsAt; at < text.length;) {
      const end = text.indexOf('\r\n', at)
      const colon = at + name.length
      if (text[colon] === ':' && text.slice(at, colon).toLowerCase() === name) {
        values.push(text.slice(colon + 1, end).trim())
      }
      at = end + 2
    }
    return values
  }

  /** All values of a parameter of the query. */
  query(name: string): readonly string[] {
    this.looks |= looked.deeper
    return new URLSearchParams(this.search).getAll(name)
  }

  /** The headers that are ours. */
  private added(id: string): string {
    let added = this.hasId ? this.originText : this.originText + id
    if (this.content === 'chunked') added += 'transfer-encoding: chunked\r\n'
    else if (this.hasLength) added += `content-length: ${this.length}\r\n`
    if (this.isUpgrade) added += 'connection: Upgrade\r\nupgrade: websocket\r\n'
    return added
  }

  private readHost({ host, start: from, offsets }: RequestHead): Answer | undefined {
    const start = (offsets[4 * host + 2] ?? 0) - from
    const text = this.text.slice(start, (offsets[4 * host + 3] ?? 0) - from)
    if (text === this.hostText && text !== '') return this.misdirected()
    const normal = normalHost(text)
    if (normal === undefined) return badRequest(400, 'the Host header is no host name')
    this.hostText = text
    this.host = normal
    return this.misdirected()
  }

  /** A client that has connected to one host asks that connection for another one (RFC 9110, 15.5.20). */
  private misdirected(): Answer | undefined {
    const { serverName } = this.origin
    return serverName === undefined || serverName === this.host ? undefined : otherHost
  }

  private readTarget(head: RequestHead, bytes: Buffer): Answer | undefined {
    let target = this.text.slice(head.targetStart - head.start, head.targetEnd - head.start)
    this.sent = target
    let mark = head.query < 0 ? -1 : head.query - head.targetStart
    this.isPlain = head.minor === 1 && !head.unusual
    if (bytes[head.targetStart] !== slash) {
      this.isPlain = false
      const read = unusualTarget(target, this.hostText, this.verb)
      if (typeof read === 'string') return badRequest(400, read)
      target = read.target
      mark = target.indexOf('?')
    }
    const path = mark < 0 ? target : target.slice(0, mark)
    this.search = mark < 0 ? '' : target.slice(mark)
    this.route = head.unusual ? normalPath(path) : path
    return undefined
  }

  private readContent(head: RequestHead, bytes: Buffer): void {
    const isChunked = head.coding === coding.chunked
    this.length = head.contentLength
    this.hasLength = head.contentLength >= 0 && !head.isPlainLength
    this.content = isChunked ? 'chunked' : head.contentLength > 0 ? 'length' : 'none'
    this.isRepeatable =
      this.content === 'none' && (this.verb === 'GET' || idempotent.has(this.verb))
    this.waitsForContinue = head.expect >= 0 && this.content !== 'none' && head.minor === 1
    this.isUpgrade =
      head.wantsUpgrade &&
      head.upgrade >= 0 &&
      this.verb === 'GET' &&
      head.minor === 1 &&
      this.content === 'none' &&
      head.value(bytes, head.upgrade).toLowerCase() === 'websocket'
    this.expected = this.isUpgrade ? 'upgrade' : this.verb === 'HEAD' ? 'no content' : 'content'
  }

  private readOrigin(head: RequestHead, bytes: Buffer): void {
    const { origin, hostText, minor } = this
    this.hasId = false
    if (this.isTrusted && head.origins > 0) {
      const said = saidIn(head, bytes)
      this.originText = originText(origin, hostText, minor, said)
      this.hasId = said.requestId
    } else if (minor === 0) {
      this.originText = originText(origin, hostText, 0)
    } else {
      if (this.originHost !== hostText) {
        this.cachedOrigin = flat(originText(origin, hostText, 1))
        this.originHost = hostText
      }
      this.originText = this.cachedOrigin
    }
  }

  /** Whether the request went through us before. */
  private hasPassed(): boolean {
    return this.headers('via').some((value) => value.includes(this.origin.via))
  }
}

function withHost(fields: string, { ip, port }: Target): string {
  const host = ip.includes(':') ? `[${ip}]` : ip
  return `host: ${host}:${port}\r\n${fields.replace(/^host:[^\r]*\r\n/im, '')}`
}
