import type { Socket } from 'node:net'

import type { AccessLog } from '../access/access-log.ts'
import { TcpTrail } from '../access/tcp-trail.ts'
import { noService } from '../counters.ts'
import type { Trust } from '../trust.ts'
import type { Outcome, TcpCounts } from './counts.ts'
import { type Delivered, deliver, type Delivering, held } from './deliver.ts'
import { addressOf, announced, began, unannounced } from './opening.ts'
import { tcpPlace, tlsPlace } from './terms.ts'

/** What the connections of all TCP entrypoints share. */
export type TcpShared = Delivering & {
  /** Whose headers of the PROXY protocol are believed; undefined: nobody's. */
  readonly trust: Trust | undefined
  /** Undefined: there is none. */
  readonly access: AccessLog | undefined
}

/** unrecognized_name (RFC 6066 3), fatal: so that a client can tell a wrong name from a broken server. */
const unknownName = Buffer.from([21, 3, 1, 0, 2, 2, 112])

/** Sees one accepted connection through, from its first byte to its end, and counts it. Never rejects. */
export async function serveConnection(
  client: Socket,
  entrypoint: string,
  shared: TcpShared,
  counts: TcpCounts,
): Promise<void> {
  const trail = trailOf(client, entrypoint, shared)
  await throughIt(client, counts, trail, () => served(client, entrypoint, shared, counts, trail))
}

/** What is noted of a connection, if anybody wants to know. */
export function trailOf(
  client: Socket,
  entrypoint: string,
  { access }: TcpShared,
): TcpTrail | undefined {
  return access && new TcpTrail(access, entrypoint, client, addressOf(client))
}

/** Counts a connection for as long as `serve` sees it through. */
export async function throughIt(
  client: Socket,
  counts: TcpCounts,
  trail: TcpTrail | undefined,
  serve: () => Promise<Delivered>,
): Promise<void> {
  counts.began()
  client.on('error', () => client.destroy())
  const { outcome, slot } = await serve()
  if (outcome !== 'ok') client.destroy()
  counts.ended(slot, outcome)
  trail?.end(outcome)
}

async function served(
  client: Socket,
  entrypoint: string,
  shared: TcpShared,
  counts: TcpCounts,
  trail: TcpTrail | undefined,
): Promise<Delivered> {
  const believed = shared.trust !== undefined && shared.trust(addressOf(client))
  const known = believed ? await announced(client) : unannounced(client)
  if (typeof known === 'string') return unrouted(known)
  if (believed && trail) trail.ip = known.ends().source.ip
  if (!(await tableKnown(client, entrypoint, shared))) return unrouted('unrouted')
  const from = { client, wire: client, entrypoint, ...known, trail }
  // a server may speak first: nothing is waited for unless a route needs it
  if (!shared.tables.has(tlsPlace(entrypoint))) {
    return await deliver({ ...from, hello: undefined, askedForTls: false }, shared, counts)
  }
  const first = await began(client, known.bytes)
  if (typeof first === 'string') return unrouted(first)
  if (first.isBad) return unrouted('bad')
  if (trail) trail.hello = first.hello
  const delivered = await deliver({ ...from, ...first }, shared, counts)
  if (first.hello && delivered.outcome === 'unrouted') await said(client, unknownName)
  return delivered
}

/** Before everything has been read, a route may come yet. */
async function tableKnown(
  client: Socket,
  entrypoint: string,
  { tables, hold, holdMs }: TcpShared,
): Promise<boolean> {
  const untilMs = performance.now() + holdMs
  const isKnown = () =>
    tables.table.complete || tables.has(tlsPlace(entrypoint)) || tables.has(tcpPlace(entrypoint))
  while (!isKnown()) {
    const leftMs = untilMs - performance.now()
    if (leftMs <= 0) return false
    const woken = await held(client, tcpPlace(entrypoint), leftMs, hold)
    if (woken !== 'look again') return false
  }
  return true
}

function unrouted(outcome: Outcome): Delivered {
  return { outcome, slot: noService }
}

/** Resolves when the kernel has it. */
async function said(client: Socket, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve) => {
    client.once('close', resolve)
    client.end(bytes, resolve)
  })
}
