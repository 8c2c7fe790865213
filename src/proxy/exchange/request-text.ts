import { isIPv6 } from 'node:net'

import { field, ofOrigin } from '../http1/names.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { WhoConnects } from '../tcp/opening.ts'
import { asForwarded, noWay, type Way, wayOf } from './forwarded.ts'

/** Headers that go no further whoever sends them: of one hop, or written anew. */
const dropped = tableOf(
  field.transferEncoding,
  field.connection,
  field.upgrade,
  field.expect,
  field.hop,
)
/** Of a peer whose word counts: what is added to is written anew too. */
const droppedOfTrusted = tableOf(field.forwardedFor, field.forwarded)
const droppedOfStrangers = tableOf(...ofOrigin)

/**
 * The request line and the headers that go through as they are. `whole` is the text of the head. A length that is
 * written as we would write it is left where it is.
 */
export function endToEnd(head: RequestHead, whole: string, isTrusted: boolean): string {
  if (head.specials === 1) return whole
  const also = isTrusted ? droppedOfTrusted : droppedOfStrangers
  let text = ''
  let from = 0
  for (let at = 0; at < head.specials; at++) {
    const index = head.special[at] ?? 0
    const kind = head.kinds[index] ?? 0
    const goes = kind === field.contentLength ? !head.isPlainLength : dropped[kind] === 1
    if (!goes && also[kind] !== 1) continue
    const start = head.lineStart(index) - head.start
    if (start > from) text += whole.slice(from, start)
    from = head.lineStart(index + 1) - head.start
  }
  return from === 0 ? whole : text + whole.slice(from)
}

/** Who asked, and how. */
export type Origin = {
  /** Address of the peer. */
  readonly peer: string
  readonly scheme: 'http' | 'https'
  /** Our port that it came in on. */
  readonly port: number
  /** What we are called in Via. */
  readonly via: string
  /** What the client took us for in its TLS handshake, if it said so. */
  readonly serverName: string | undefined
  /** Both ends of the client's connection; the same function for all of its requests, and for nobody else's. */
  readonly ends: WhoConnects
}

/** What a trusted peer says itself; of what it says in one way only, the other way says the same. */
export type Said = {
  readonly forwardedFor: string | undefined
  readonly forwarded: string | undefined
  /** How the client asked, whichever header says it. */
  readonly way: Way
  readonly host: boolean
  readonly proto: boolean
  readonly port: boolean
  readonly realIp: boolean
  readonly requestId: boolean
}

const nothing: Said = {
  forwardedFor: undefined,
  forwarded: undefined,
  way: noWay,
  host: false,
  proto: false,
  port: false,
  realIp: false,
  requestId: false,
}

/**
 * The headers that say where a request for `host` came from; all but the value of X-Request-Id, which ends it unless
 * the peer has said one.
 */
export function originText(origin: Origin, host: string, minor: number, said = nothing): string {
  const { peer, scheme, via } = origin
  const { way } = said
  const node = isIPv6(peer) ? `"[${peer}]"` : peer
  const forwarded = `for=${node};host="${host}";proto=${scheme}`
  let text = `x-forwarded-for: ${joined(said.forwardedFor, peer)}\r\n`
  text += `forwarded: ${joined(said.forwarded, forwarded)}\r\n`
  text += `via: 1.${minor} ${via}\r\n`
  if (!said.host) text += `x-forwarded-host: ${way.host ?? host}\r\n`
  if (!said.proto) text += `x-forwarded-proto: ${way.proto ?? scheme}\r\n`
  if (!said.port) text += `x-forwarded-port: ${portOf(origin, host, way)}\r\n`
  if (!said.realIp) text += `x-real-ip: ${peer}\r\n`
  return said.requestId ? text : `${text}x-request-id: `
}

/** At which the client asked: our own says nothing of that if a proxy before us says how it was asked. */
function portOf({ port }: Origin, asked: string, { host = asked, proto }: Way): string | number {
  const named = /:(\d+)$/.exec(host)?.[1]
  if (named !== undefined || proto === undefined) return named ?? port
  return /^(https|wss)\b/i.test(proto) ? 443 : 80
}

/** What `head`, of a peer whose word counts, says. */
export function saidIn(head: RequestHead, bytes: Buffer): Said {
  const values = new Map<number, string>()
  for (let at = 0; at < head.specials; at++) {
    const index = head.special[at] ?? 0
    const kind = head.kinds[index] ?? 0
    values.set(kind, joined(values.get(kind), head.value(bytes, index)))
  }
  return saidBy((kind) => values.get(field[kind]))
}

/** `value`: of the header of a kind, if there is one. */
export function saidBy(value: (kind: keyof typeof field) => string | undefined): Said {
  const forwarded = value('forwarded')
  const way = wayOf(forwarded)
  const addresses = value('forwardedFor')
  const [host, proto] = [value('forwardedHost'), value('forwardedProto')]
  return {
    forwardedFor: addresses ?? way.addresses,
    forwarded: forwarded ?? asForwarded({ addresses, host, proto }),
    way: { ...way, host: host ?? way.host, proto: proto ?? way.proto },
    host: host !== undefined,
    proto: proto !== undefined,
    port: value('forwardedPort') !== undefined,
    realIp: value('realIp') !== undefined,
    requestId: value('requestId') !== undefined,
  }
}

function joined(before: string | undefined, value: string): string {
  return before === undefined || before === '' ? value : `${before}, ${value}`
}

function tableOf(...kinds: readonly number[]): Uint8Array {
  const table = new Uint8Array(32)
  for (const kind of kinds) table[kind] = 1
  return table
}
