import type { Socket } from 'node:net'

import { plainAddress } from '../../core/ranges.ts'
import { type Looked, firstBytes } from './first-bytes.ts'
import { helloReader, type Opening } from './hello-reader.ts'
import { type Ends, readProxyHeader } from './proxy-header.ts'

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

/**
 * Reads until it is clear what the client begins with; `before` has been read already. One who says nothing does not
 * begin with TLS.
 */
export async function opened(client: Socket, before: Buffer): Promise<Looked<Opening>> {
  const reader = helloReader()
  let at = 0
  const looked = await firstBytes(
    client,
    before,
    (bytes) => {
      const opening = reader.push(bytes.subarray(at))
      at = bytes.length
      return opening.kind === 'more' ? undefined : opening
    },
    { firstMs: wholeMs, wholeMs },
  )
  const isSilent = looked.kind === 'late' && looked.bytes.length === 0
  return isSilent ? { kind: 'seen', seen: { kind: 'not tls' }, bytes: nothing } : looked
}
