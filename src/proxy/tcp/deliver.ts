import type { Socket } from 'node:net'

import type { TcpTrail } from '../access/tcp-trail.ts'
import { noService } from '../counters.ts'
import { patienceMs } from '../exchange/again.ts'
import type { HoldQueue } from '../exchange/hold.ts'
import type { TableRoute } from '../route.ts'
import type { Tables } from '../tables.ts'
import type { Terminator } from '../tls/terminator.ts'
import type { Chooser } from '../worker/choose.ts'
import type { Upstream } from '../worker/upstream.ts'
import type { Upstreams } from '../worker/upstreams.ts'
import type { ReadBuffers } from './buffers.ts'
import type { Outcome, TcpCounts } from './counts.ts'
import { dial } from './dial.ts'
import { type Downstream, downstream } from './downstream.ts'
import type { Gates } from './gates.ts'
import type { Began, WhoConnects } from './opening.ts'
import { proxyAnnouncement } from './proxy-announce.ts'
import { relay } from './relay.ts'
import { askedForTls } from './start-tls.ts'
import { tcpPlace, type TcpTerms, tlsPlace } from './terms.ts'
import { cuttable } from './tunnel.ts'
import { unwrapped } from './unwrap.ts'
import { connectionView } from './view.ts'

/** What the deliveries of a plane share. */
export type Delivering = {
  readonly tables: Tables
  readonly upstreams: Upstreams
  readonly chooser: Chooser
  readonly hold: HoldQueue
  readonly holdMs: number
  readonly gates: Gates
  readonly buffers: ReadBuffers
  readonly tls: Terminator
}

/** An accepted connection, and what is known of it by now. */
export type Arrival = {
  readonly client: Socket
  /** What carries `client`: the same, or the socket below its TLS. */
  readonly wire: Socket
  readonly entrypoint: string
  readonly ends: WhoConnects
  /** For the access log; undefined: there is none. */
  readonly trail: TcpTrail | undefined
} & Omit<Began, 'isBad'>

/** `slot`: where its service is counted. */
export type Delivered = { readonly outcome: Outcome; readonly slot: number }

const shortestPauseMs = 10

/** Finds the route of a connection, lets it in or not, finds an endpoint, and passes bytes until both have ended. */
export async function deliver(
  arrival: Arrival,
  shared: Delivering,
  counts: TcpCounts,
): Promise<Delivered> {
  const route = routeOf(arrival, shared.tables)
  if (!route?.tcp) return { outcome: 'unrouted', slot: noService }
  const { slot, closed, key } = route
  if (arrival.trail) arrival.trail.route = route
  if (closed !== undefined) return { outcome: 'denied', slot }
  using entered = shared.gates.enter(key, route.tcp, arrival.ends)
  if (!entered) return { outcome: 'denied', slot }
  const plain = route.tcp.tls === 'ended' ? await unwrapped(arrival, shared.tls) : arrival
  if (!plain) return { outcome: 'bad', slot }
  const down = downstream(plain.client, shared.buffers, counts.sent)
  const outcome = await withEndpoint(plain, route.tcp, down, shared, counts)
  down.release()
  return { outcome, slot }
}

function routeOf({ entrypoint, ends, hello }: Arrival, tables: Tables): TableRoute | undefined {
  const view = connectionView(ends, hello)
  const named = hello && tables.find(tlsPlace(entrypoint), view)
  return (named ?? tables.find(tcpPlace(entrypoint), view))?.route
}

/** Looks the route up again after each wait: endpoints come and go meanwhile. */
async function withEndpoint(
  arrival: Arrival,
  terms: TcpTerms,
  down: Downstream,
  shared: Delivering,
  counts: TcpCounts,
): Promise<Outcome> {
  const { chooser } = shared
  const asking = connectionView(arrival.ends, arrival.hello)
  const began = performance.now()
  let tried: Set<Upstream> | undefined
  for (;;) {
    const route = routeOf(arrival, shared.tables)
    if (!route) return 'failed'
    const nowMs = performance.now()
    const upstream = chooser.choose(route, asking, tried, nowMs)
    if (upstream) {
      const outcome = await tryOnce(arrival, terms, upstream, down, counts)
      if (outcome) return outcome
      tried = (tried ?? new Set()).add(upstream)
    } else {
      const nextMs = chooser.nextTryMs(route, nowMs)
      const left = began + patienceMs(shared, route, nextMs, nowMs) - nowMs
      if (left <= 0) return 'failed'
      const pauseMs = nextMs === undefined ? left : Math.max(shortestPauseMs, nextMs - nowMs)
      const woken = await held(arrival.client, route.key, Math.min(left, pauseMs), shared.hold)
      if (woken !== 'look again') return woken === 'gone' ? 'gone' : 'failed'
      tried = undefined
    }
  }
}

/** Undefined: no connection came about, and no byte was passed. */
async function tryOnce(
  arrival: Arrival,
  terms: TcpTerms,
  upstream: Upstream,
  down: Downstream,
  counts: TcpCounts,
): Promise<Outcome | undefined> {
  const { client, trail } = arrival
  const began = performance.now()
  upstream.began()
  trail?.tried(upstream.target)
  const server = await dial(upstream.target, client, down.onread)
  const tookMs = performance.now() - began
  if (client.destroyed || !server) {
    server?.destroy()
    upstream.ended(client.destroyed ? 'moot' : 'connect', tookMs)
    return client.destroyed ? 'gone' : undefined
  }
  upstream.reached()
  const outcome = await passed(arrival, terms, upstream, server, down, counts)
  upstream.ended('ok', tookMs)
  return outcome
}

/** Waits until something changes, unless the client goes away. */
export async function held(
  client: Socket,
  key: string,
  ms: number,
  hold: HoldQueue,
): Promise<'look again' | 'full' | 'gone'> {
  if (client.destroyed) return 'gone'
  const { promise, resolve } = Promise.withResolvers<'look again' | 'gone'>()
  const leave = hold.wait(key, ms, () => resolve('look again'))
  if (!leave) return 'full'
  const gone = () => {
    leave()
    resolve('gone')
  }
  client.once('close', gone)
  const woken = await promise
  client.off('close', gone)
  return woken
}

/** The bytes of both sides, from the first that the client wrote. */
async function passed(
  { client, wire, ends, bytes, askedForTls: isPromised }: Arrival,
  { proxyProtocol }: TcpTerms,
  upstream: Upstream,
  server: Socket,
  down: Downstream,
  counts: TcpCounts,
): Promise<Outcome> {
  down.from(server)
  const tunnel = cuttable(client, server)
  upstream.opened(tunnel)
  if (proxyProtocol !== null) server.write(proxyAnnouncement(proxyProtocol, ends()))
  if (isPromised && !(await askedForTls(client, server, down))) {
    server.destroy()
    upstream.tunnels.delete(tunnel)
    tunnel.ended()
    return 'failed'
  }
  if (bytes.length > 0) {
    counts.received(bytes.length)
    server.write(bytes)
  }
  await relay({ client, wire, server }, counts.received)
  upstream.tunnels.delete(tunnel)
  tunnel.ended()
  return tunnel.wasCut() ? 'cut' : 'ok'
}
