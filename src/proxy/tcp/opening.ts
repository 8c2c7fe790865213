import type { Socket } from 'node:net'

import { plainAddress } from '../../core/ranges.ts'
import type { ClientHello } from './client-hello.ts'
import { type Looked, firstBytes } from './first-bytes.ts'
import { HelloReader, type Opening } from './hello-reader.ts'
import { type Ends, readProxyHeader } from './proxy-header.ts'
import { agreed, asksForTls, sslRequest } from './start-tls.ts'

const wholeMs = 10_000
/** The one before us writes its header as soon as it is connected; a server may speak first behind it. */
const headerMs = 1000

const nothing = Buffer.alloc(0)

/** Who talks to whom; asked of the system only if somebody wants to know. */
export type WhoConnects = () => Ends

/** `bytes` have been read from the client, and belong to the endpoint. */
export type Announced = { readonly ends: WhoConnects; readonly bytes: Buffer }

/** Why a connection is not served. */
export type Refusal = 'bad' | 'gone'

export function addressOf(client: Socket): string {
  return plainAddress(client.remoteAddress ?? '')
}

function endsOf(client: Socket): Ends {
  const { remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 } = client
  return {
    source: { ip: plainAddress(remoteAddress), port: remotePort },
    destination: { ip: plainAddress(localAddress), port: localPort },
  }
}

/** Nothing has been read. */
export function unannounced(client: Socket): Announced {
  return { ends: () => endsOf(client), bytes: nothing }
}

/** Takes a header of the PROXY protocol off the beginning of the connection, if there is one. */
export async function announced(client: Socket): Promise<Announced | Refusal> {
  const looked = await firstBytes(
    client,
    nothing,
    (bytes) => {
      const header = readProxyHeader(bytes)
      return header.kind === 'more' ? undefined : header
    },
    { firstMs: headerMs, wholeMs },
  )
  const own = endsOf(client)
  const ends = () => own
  if (looked.kind === 'gone') return 'gone'
  if (looked.kind === 'late') return looked.bytes.length === 0 ? { ends, bytes: nothing } : 'bad'
  const { seen, bytes } = looked
  if (seen.kind === 'bad') return 'bad'
  if (seen.kind === 'none') return { ends, bytes }
  const said = seen.ends ?? own
  return { ends: () => said, bytes: bytes.subarray(seen.length) }
}

/** What a client says first. */
export type Began = {
  /** Undefined: it does not begin with TLS. */
  readonly hello: ClientHello | undefined
  /** It began as PostgreSQL does: it has asked for TLS, and was told to go on. */
  readonly askedForTls: boolean
  /** It begins as TLS does, but that can't be read. */
  readonly isBad: boolean
  /** Read from it, but not what it has been answered to. */
  readonly bytes: Buffer
}

type Seen = Opening | { readonly kind: 'wants tls' }

/**
 * Reads until it is clear what the client begins with; `before` has been read already. One who says nothing does not
 * begin with TLS.
 */
export async function began(client: Socket, before: Buffer): Promise<Began | Refusal> {
  const looked = await opened(client, before)
  if (looked.kind !== 'seen') return looked.kind === 'gone' ? 'gone' : 'bad'
  const { seen, bytes } = looked
  if (seen.kind === 'wants tls') return await promised(client, bytes)
  const hello = seen.kind === 'hello' ? seen : undefined
  return { hello, askedForTls: false, isBad: seen.kind === 'bad', bytes }
}

/** Nothing may come before the answer: it would be read as if it had come inside of TLS (CVE-2021-23222). */
async function promised(client: Socket, bytes: Buffer): Promise<Began | Refusal> {
  if (bytes.length > sslRequest.length) return 'bad'
  client.write(agreed, 'latin1')
  const looked = await opened(client, nothing)
  if (looked.kind === 'gone') return 'gone'
  if (looked.kind !== 'seen' || looked.seen.kind !== 'hello') return 'bad'
  return { hello: looked.seen, askedForTls: true, isBad: false, bytes: looked.bytes }
}

async function opened(client: Socket, before: Buffer): Promise<Looked<Seen>> {
  const reader = new HelloReader()
  let at = 0
  const looked = await firstBytes<Seen>(
    client,
    before,
    (bytes) => {
      const asks = at === 0 ? asksForTls(bytes) : false
      if (asks !== false) return asks ? { kind: 'wants tls' } : undefined
      const opening = reader.push(bytes.subarray(at))
      at = bytes.length
      return opening.kind === 'more' ? undefined : opening
    },
    { firstMs: wholeMs, wholeMs },
  )
  const isSilent = looked.kind === 'late' && looked.bytes.length === 0
  return isSilent ? { kind: 'seen', seen: { kind: 'not tls' }, bytes: nothing } : looked
}
