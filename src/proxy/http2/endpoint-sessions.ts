import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionRequestOptions,
  connect,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { connect as dial } from 'node:net'

import type { Parked } from '../exchange/parked.ts'
import { streamWindow } from './held-up.ts'

/** Where an endpoint is reached, and what it is. */
export type EndpointPlace = {
  readonly identity: string
  readonly ip: string
  readonly port: number
}

/** Begins a request. */
export type Ask = (
  headers: OutgoingHttpHeaders,
  options: ClientSessionRequestOptions,
) => ClientHttp2Stream

/** How to ask, or undefined if the endpoint can't be reached. */
export type Opened = (ask: Ask | undefined) => void

/** The client that a connection is for, and nobody else; `header` tells the endpoint before all else. */
export type Owner = { readonly key: object; readonly header: Buffer }

type Known = {
  readonly session: ClientHttp2Session
  /** See Owner. */
  readonly owner: object | undefined
  open: number
  connected: boolean
}

/** Without a request a session is kept so long; one that only its client can use less. */
const idleMs = 60_000
const ownedIdleMs = 4000
/** What endpoints may send ahead, over all streams of a session. */
const sessionWindow = 1024 * 1024
const usual = {
  settings: {
    enablePush: false,
    initialWindowSize: streamWindow,
    maxHeaderListSize: 64 * 1024,
  },
  // what a client says twice goes on twice, as by HTTP/1.1
  strictSingleValueFields: false,
} as const

/** The connections to endpoints that speak HTTP/2 without TLS, known before (RFC 9113, 3.3). */
export class EndpointSessions {
  /** Where streams count that are held up. */
  readonly parked: Parked
  private readonly places = new Map<string, Set<Known>>()

  constructor(parked: Parked) {
    this.parked = parked
  }

  /**
   * Calls `opened`, once and never at once, unless the result is called before: then nobody waits any more. Requests
   * share a session until it is full; those for an `owner` only with its own.
   */
  open(place: EndpointPlace, opened: Opened, owner: Owner | undefined): () => void {
    const known = this.free(place, owner?.key) ?? this.dial(place, owner)
    const { session, connected: wasConnected } = known
    let isOver = false
    let leaveNext: (() => void) | undefined
    const leave = () => {
      isOver = true
      session.off('connect', connected)
      session.off('close', failed)
    }
    const connected = () => {
      if (isOver) return
      // it has begun to end meanwhile, and takes nothing more
      if (session.closed) return failed()
      leave()
      opened((headers, options) => asked(known, headers, options))
    }
    const failed = () => {
      if (isOver) return
      leave()
      // that one which was open ends says nothing of the next
      if (wasConnected) leaveNext = this.open(place, opened, owner)
      else opened(undefined)
    }
    session.once('close', failed)
    if (known.connected) setImmediate(connected)
    else session.once('connect', connected)
    return () => {
      leave()
      leaveNext?.()
    }
  }

  /** Ends the sessions, each after its last request. */
  close(): void {
    for (const all of this.places.values()) for (const { session } of all) session.close()
  }

  private free(place: EndpointPlace, owner: object | undefined): Known | undefined {
    for (const known of this.places.get(keyOf(place)) ?? []) {
      const { session, open } = known
      if (session.closed || session.destroyed || known.owner !== owner) continue
      if (open < (session.remoteSettings.maxConcurrentStreams ?? Infinity)) return known
    }
    return undefined
  }

  private dial(place: EndpointPlace, owner: Owner | undefined): Known {
    const { ip, port } = place
    const key = keyOf(place)
    const host = ip.includes(':') ? `[${ip}]` : ip
    const createConnection = () => {
      const socket = dial({ host: ip, port, noDelay: true })
      if (owner) socket.write(owner.header)
      return socket
    }
    const session = connect(`http://${host}:${port}`, { ...usual, createConnection })
    const known: Known = { session, owner: owner?.key, open: 0, connected: false }
    const all = this.places.getOrInsertComputed(key, () => new Set())
    all.add(known)
    session.on('connect', () => {
      known.connected = true
      session.setLocalWindowSize(sessionWindow)
    })
    // any number of requests may wait for it
    session.setMaxListeners(0)
    // whoever waits hears of it by the end of the session
    session.on('error', () => {})
    session.on('goaway', () => session.close())
    session.on('close', () => {
      all.delete(known)
      if (all.size === 0) this.places.delete(key)
    })
    session.setTimeout(owner ? ownedIdleMs : idleMs, () => {
      if (known.open === 0) session.close()
    })
    return known
  }
}

function asked(
  known: Known,
  headers: OutgoingHttpHeaders,
  options: ClientSessionRequestOptions,
): ClientHttp2Stream {
  const stream = known.session.request(headers, options)
  known.open++
  stream.once('close', () => known.open--)
  return stream
}

function keyOf({ identity, ip, port }: EndpointPlace): string {
  return `${identity} ${ip} ${port}`
}
