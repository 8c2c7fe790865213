import type { Socket } from 'node:net'

import type { AccessLog } from '../access/access-log.ts'
import { TcpTrail } from '../access/tcp-trail.ts'
import { noService } from '../counters.ts'
import { tcpPlace, tlsPlace } from '../table/tcp-terms.ts'
import type { Trust } from '../trust.ts'
import type { Arrival, Delivering } from './arrival.ts'
import type { TcpCounts } from './counts.ts'
import { deliver, type Done } from './deliver.ts'
import { held } from './held.ts'
import { addressOf, type Announced, announced, began, unannounced } from './opening.ts'

/** What the connections of all TCP entrypoints share. */
export type TcpShared = Delivering & {
  /** Whose headers of the PROXY protocol are believed; undefined: nobody's. */
  readonly trust: Trust | undefined
  /** Undefined: there is none. */
  readonly access: AccessLog | undefined
}

/** unrecognized_name (RFC 6066 3), fatal: so that a client can tell a wrong name from a broken server. */
const unknownName = Buffer.from([21, 3, 1, 0, 2, 2, 112])

/**
 * Sees one accepted connection through, from its first byte to its end, and counts it. Calls `ended` when nobody cares
 * for it any more.
 */
export function serveConnection(
  client: Socket,
  entrypoint: string,
  shared: TcpShared,
  counts: TcpCounts,
  ended: () => void,
): void {
  const trail = trailOf(client, entrypoint, shared)
  const done = counted(client, counts, trail, ended)
  const { tables, trust } = shared
  const isBelieved = trust !== undefined && trust(addressOf(client))
  if (isBelieved || tables.has(tlsPlace(entrypoint)) || !isTableKnown(entrypoint, shared)) {
    void opened(client, entrypoint, shared, counts, trail, isBelieved, done)
  } else {
    deliver(unread(client, entrypoint, unannounced(client), trail), shared, counts, done)
  }
}

/** What is noted of a connection, if anybody wants to know. */
export function trailOf(
  client: Socket,
  entrypoint: string,
  { access }: TcpShared,
): TcpTrail | undefined {
  return access && new TcpTrail(access, entrypoint, client, addressOf(client))
}

/** Counts a connection from now on until what this gives is called. */
export function counted(
  client: Socket,
  counts: TcpCounts,
  trail: TcpTrail | undefined,
  ended: () => void,
): Done {
  counts.began()
  client.on('error', () => client.destroy())
  return (outcome, slot) => {
    if (outcome !== 'ok') client.destroy()
    counts.ended(slot, outcome)
    trail?.end(outcome)
    ended()
  }
}

/** A server may speak first: nothing is waited for unless a route needs it. */
function unread(
  client: Socket,
  entrypoint: string,
  { ends, bytes }: Announced,
  trail: TcpTrail | undefined,
): Arrival {
  return {
    client,
    wire: client,
    entrypoint,
    ends,
    trail,
    bytes,
    hello: undefined,
    askedForTls: false,
  }
}

/** For connections whose first bytes have to be looked at, or that have to wait. */
async function opened(
  client: Socket,
  entrypoint: string,
  shared: TcpShared,
  counts: TcpCounts,
  trail: TcpTrail | undefined,
  isBelieved: boolean,
  done: Done,
): Promise<void> {
  const known = isBelieved ? await announced(client) : unannounced(client)
  if (typeof known === 'string') return done(known, noService)
  if (isBelieved && trail) trail.ip = known.ends().source.ip
  if (!(await tableKnown(client, entrypoint, shared))) return done('unrouted', noService)
  const arrival = unread(client, entrypoint, known, trail)
  if (!shared.tables.has(tlsPlace(entrypoint))) return deliver(arrival, shared, counts, done)
  const first = await began(client, known.bytes)
  if (typeof first === 'string') return done(first, noService)
  if (first.isBad) return done('bad', noService)
  if (trail) trail.hello = first.hello
  deliver({ ...arrival, ...first }, shared, counts, (outcome, slot) => {
    if (!first.hello || outcome !== 'unrouted') return done(outcome, slot)
    said(client, unknownName, () => done(outcome, slot))
  })
}

/** Before everything has been read, a route may come yet. */
async function tableKnown(client: Socket, entrypoint: string, shared: TcpShared): Promise<boolean> {
  const { hold, holdMs } = shared
  const untilMs = performance.now() + holdMs
  while (!isTableKnown(entrypoint, shared)) {
    const leftMs = untilMs - performance.now()
    if (leftMs <= 0) return false
    const woken = await held(client, tcpPlace(entrypoint), leftMs, hold)
    if (woken !== 'look again') return false
  }
  return true
}

function isTableKnown(entrypoint: string, { tables }: TcpShared): boolean {
  const { complete } = tables.table
  return complete || tables.has(tlsPlace(entrypoint)) || tables.has(tcpPlace(entrypoint))
}

/** Calls `then` when the kernel has it, or the client is gone. */
function said(client: Socket, bytes: Buffer, then: () => void): void {
  const over = () => {
    client.off('close', over)
    then()
  }
  client.once('close', over)
  client.end(bytes, over)
}
