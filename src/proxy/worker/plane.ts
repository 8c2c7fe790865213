import { AccessLog } from '../access/access-log.ts'
import { Lines } from '../access/lines.ts'
import { retryBudget } from '../exchange/budget.ts'
import { Engine } from '../exchange/engine.ts'
import { holdQueue } from '../exchange/hold.ts'
import type { Secure, Start } from '../feed.ts'
import type { Bound, EntrypointServer, Listener } from '../listener.ts'
import { chains } from '../middleware/chains.ts'
import { machineMs } from '../middleware/share.ts'
import type { Site } from '../middleware/stage.ts'
import { httpServer } from '../server.ts'
import { ownParts } from '../table/own-parts.ts'
import { isOwnListener } from '../table/own.ts'
import type { Target } from '../table/route.ts'
import type { Tables } from '../table/tables.ts'
import { besideHttp } from '../tcp/beside-http.ts'
import { tcpCountingIn } from '../tcp/counting.ts'
import { gates } from '../tcp/gates.ts'
import { tcpServer } from '../tcp/server.ts'
import { httpsServer } from '../tls/https-server.ts'
import { type Terminator, terminator } from '../tls/terminator.ts'
import { wishes } from '../tls/wishes.ts'
import { trustOf } from '../trust.ts'
import { type Chooser, chooser } from './choose.ts'
import { countingIn } from './counting.ts'
import { liveTables } from './live-tables.ts'
import { pages } from './pages.ts'
import { upstreams } from './upstreams.ts'

/** Puts the parts of a worker together: what is in force, what is running, and the servers before it. */
export function planeOf(start: Start, catchUp: () => void) {
  const running = runningOf(start)
  const { known, choosing, hold } = running
  const places = placesOf(start)
  const wished = wishes()
  const tables = liveTables({
    catchUp,
    chains: chains(siteOf(start, places, choosing)),
    changed(changes, nowMs) {
      known.settle(changes, leaveMs(start.drainMs), nowMs)
      choosing.settle(changes)
      wished.change(changes)
      hold.wake()
    },
  })
  const access = accessLogOf(start)
  const tls = terminator({ wishFor: (host) => wished.wishFor(host) })
  const secured = (host: string) => (tls.covers(host) ? places.secured(host) : undefined)
  const engine = engineOf(start, running, tables, secured, access)
  return {
    tables,
    engine,
    /** What TLS goes by from now on. */
    secure({ feed, httpsPort }: Secure): void {
      tls.use(feed)
      places.publish(httpsPort)
    },
    access,
    serverOf: serversOf(start, engine, tls),
    listening: (bound: readonly Bound[]) => places.listening(bound),
    /** Checks say something else of somebody. */
    checked(): void {
      known.checked()
      hold.wake()
    },
  }
}

type Running = ReturnType<typeof runningOf>

function runningOf({ counters, marks }: Start) {
  const counting = countingIn(counters)
  const known = upstreams({ shown: counters, marks })
  const hold = holdQueue({ sized: (size) => counting.held(size) })
  return { counting, known, choosing: chooser(known), hold }
}

type Places = ReturnType<typeof placesOf>

/** Where we are reached, as far as is known by now. */
function placesOf({ ownPorts }: Start) {
  const own = ownParts(() => undefined, ownPorts)
  let publicPort: number | undefined
  const httpsPort = () => {
    const { listeners } = own.parts()
    const port = listeners.find(({ entrypoint }) => entrypoint === 'https')?.port
    return port === undefined ? undefined : (publicPort ?? port)
  }
  return {
    httpsPort,
    isOwn: (ip: string, port: number) => isOwnListener(own.parts(), ip, port),
    listening: (bound: readonly Bound[]) => own.listening(bound),
    /** Clients reach https by this port. */
    publish(port: number | undefined): void {
      publicPort = port
    },
    /** `https://host`, if anything is served there. */
    secured(host: string): string | undefined {
      const port = httpsPort()
      if (port === undefined) return undefined
      return port === 443 ? `https://${host}` : `https://${host}:${port}`
    },
  }
}

function siteOf({ share, seat }: Start, { isOwn, httpsPort }: Places, choosing: Chooser): Site {
  return { nowMs: machineMs, share, seat, isOwn, httpsPort, pageOf: pages(choosing, isOwn) }
}

function engineOf(
  start: Start,
  { counting, known, choosing, hold }: Running,
  tables: Tables,
  secured: (host: string) => string | undefined,
  access: AccessLog | undefined,
): Engine {
  const { via, holdMs, firstByteMs, idleMs, clientTimes, bufferBytes } = start
  return new Engine({
    tables,
    upstreams: known,
    chooser: choosing,
    budget: retryBudget(performance.now()),
    hold,
    counts: counting,
    trust: trustOf(start.trust),
    via,
    holdMs,
    firstByteMs,
    idleMs,
    secured,
    clientTimes,
    bufferBytes,
    access,
  })
}

/** Makes the servers of entrypoints. */
function serversOf(
  { entrypoints, counters, trust, share, seat }: Start,
  engine: Engine,
  tls: Terminator,
): (listener: Listener) => EntrypointServer {
  const { tables, hold, holdMs, access, room } = engine
  const ofTcp = {
    tables,
    upstreams: engine.upstreams,
    chooser: engine.chooser,
    hold,
    holdMs,
    access,
    tls,
    ...room,
    trust: trust.length > 0 ? engine.trust : undefined,
    gates: gates(share, seat),
  }
  return (listener) => {
    const { entrypoint, kind = 'http' } = listener
    const at = entrypoints.indexOf(entrypoint)
    const counts = () => tcpCountingIn(counters, at)
    switch (kind) {
      case 'tcp':
        return tcpServer(listener, ofTcp, counts())
      case 'https':
        return httpsServer(listener, at, engine, tls, besideHttp(entrypoint, ofTcp, counts()))
      case 'http':
        return httpServer(listener, at, engine)
    }
  }
}

function accessLogOf({ access, counters: { unlogged }, seat }: Start): AccessLog | undefined {
  if (!access) return undefined
  const dropped = (lines: number) => {
    unlogged[0] = (unlogged[0] ?? 0) + lines
  }
  return new AccessLog(access.wish, new Lines({ turn: access.turn, seat, dropped }))
}

/** A leaving container's work has to end a second before Docker ends it. */
function leaveMs(drainMs: number): (target: Target) => number {
  return ({ stopTimeout }) => Math.max(0, Math.min(drainMs, stopTimeout * 1000 - 1000))
}
