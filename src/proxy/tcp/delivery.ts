import type { Socket } from 'node:net'

import type { RequestView } from '../../core/rule/request.ts'
import { fits } from '../checks/roles/states.ts'
import { patienceMs } from '../exchange/again.ts'
import type { TableRoute } from '../table/route.ts'
import type { TcpTerms } from '../table/tcp-terms.ts'
import type { Upstream } from '../worker/upstream.ts'
import type { Arrival, Delivering } from './arrival.ts'
import type { Outcome, TcpCounts } from './counts.ts'
import { dial } from './dial.ts'
import { Flow } from './flow.ts'
import { held } from './held.ts'
import { proxyAnnouncement } from './proxy-announce.ts'
import { relay } from './relay.ts'
import { routeOf } from './route-of.ts'
import { askedForTls } from './start-tls.ts'
import { TcpTunnel } from './tunnel.ts'

const shortestPauseMs = 10

/** A connection that was let in, on its way to an endpoint. Makes no promise unless somebody has to wait. */
export class Delivery {
  private readonly arrival: Arrival
  private readonly asking: RequestView
  private readonly terms: TcpTerms
  private readonly shared: Delivering
  private readonly counts: TcpCounts
  private readonly ended: (outcome: Outcome) => void
  private readonly down: Flow
  private readonly beganMs = performance.now()
  private tried: Set<Upstream> | undefined

  constructor(
    arrival: Arrival,
    asking: RequestView,
    terms: TcpTerms,
    shared: Delivering,
    counts: TcpCounts,
    ended: (outcome: Outcome) => void,
  ) {
    this.arrival = arrival
    this.asking = asking
    this.terms = terms
    this.shared = shared
    this.counts = counts
    this.ended = ended
    this.down = new Flow(arrival.client, shared, counts.sent)
    this.tried = undefined
  }

  /** Finds the route as it is now: endpoints come and go while somebody waits. */
  look(): void {
    const { entrypoint, hello } = this.arrival
    const route = routeOf(this.shared.tables, entrypoint, this.asking, hello)
    if (route) this.goBy(route)
    else this.end('failed')
  }

  /** Finds an endpoint of `route`, which has just been found. */
  goBy(route: TableRoute): void {
    const nowMs = performance.now()
    const upstream = this.shared.chooser.choose(route, this.asking, this.tried, nowMs)
    if (upstream) this.try(upstream, nowMs)
    else void this.wait(route, nowMs)
  }

  private async wait(route: TableRoute, nowMs: number): Promise<void> {
    const { chooser, hold } = this.shared
    const nextMs = chooser.nextTryMs(route, nowMs)
    const leftMs = this.beganMs + this.patienceMs(route, nextMs, nowMs) - nowMs
    if (leftMs <= 0) return this.end('failed')
    const pauseMs = nextMs === undefined ? leftMs : Math.max(shortestPauseMs, nextMs - nowMs)
    const woken = await held(this.arrival.client, route.key, Math.min(leftMs, pauseMs), hold)
    if (woken !== 'look again') return this.end(woken === 'gone' ? 'gone' : 'failed')
    this.tried = undefined
    this.look()
  }

  /** Somebody may take the role at any time: that nobody has it is no reason to turn away who is patient. */
  private patienceMs(route: TableRoute, nextMs: number | undefined, nowMs: number): number {
    const role = route.tcp?.role ?? null
    if (role !== null && route.targets.length > 0) return this.shared.holdMs
    return patienceMs(this.shared, route, nextMs, nowMs)
  }

  private try(upstream: Upstream, nowMs: number): void {
    const { client, trail } = this.arrival
    upstream.began()
    trail?.tried(upstream.target)
    dial(upstream.target, client, this.down.onread, (server) => {
      const tookMs = performance.now() - nowMs
      const { role } = this.terms
      // it may have lost its role meanwhile
      const isStranger = role !== null && !fits(role, upstream.role)
      if (server && !client.destroyed && !isStranger) return this.pass(upstream, server, tookMs)
      server?.destroy()
      upstream.ended(client.destroyed || server ? 'moot' : 'connect', tookMs)
      if (client.destroyed) return this.end('gone')
      this.tried = (this.tried ?? new Set()).add(upstream)
      this.look()
    })
  }

  /** The bytes of both sides, from the first that the client wrote. */
  private pass(upstream: Upstream, server: Socket, tookMs: number): void {
    const { arrival, counts, down, shared, terms } = this
    const { client, wire, bytes } = arrival
    const tunnel = new TcpTunnel(client, server)
    const over = (outcome: Outcome) => {
      upstream.tunnels.delete(tunnel)
      upstream.roled.delete(tunnel)
      tunnel.ended()
      upstream.ended('ok', tookMs)
      this.end(outcome)
    }
    const join = () => {
      if (bytes.length > 0) {
        counts.received(bytes.length)
        server.write(bytes)
      }
      const closed = () => over(tunnel.isCut ? 'cut' : 'ok')
      relay({ client, wire, server }, shared, counts.received, closed)
    }
    upstream.reached()
    down.from(server)
    upstream.opened(tunnel)
    if (terms.role !== null) upstream.openedFor(terms.role, tunnel)
    // what is said to an endpoint at first goes in one piece
    server.cork()
    if (terms.proxyProtocol !== null) {
      server.write(proxyAnnouncement(terms.proxyProtocol, arrival.ends()))
    }
    if (arrival.askedForTls) {
      askedForTls(client, server, down, (isAgreed) => {
        if (isAgreed) return join()
        server.destroy()
        over('failed')
      })
    } else join()
    server.uncork()
  }

  private end(outcome: Outcome): void {
    this.down.release()
    this.ended(outcome)
  }
}
