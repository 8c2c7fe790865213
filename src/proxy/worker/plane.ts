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
import { ownParts } from '../own-parts.ts'
import { isOwnListener } from '../own.ts'
import type { Target } from '../route.ts'
import { httpServer } from '../server.ts'
import { besideHttp } from '../tcp/beside-http.ts'
import { tcpCountingIn } from '../tcp/counting.ts'
import { gates } from '../tcp/gates.ts'
import { tcpServer } from '../tcp/server.ts'
import { httpsServer } from '../tls/https-server.ts'
import { terminator } from '../tls/terminator.ts'
import { wishes } from '../tls/wishes.ts'
import { trustOf } from '../trust.ts'
import { chooser } from './choose.ts'
import { countingIn } from './counting.ts'
import { liveTables } from './live-tables.ts'
import { pages } from './pages.ts'
import { upstreams } from './upstreams.ts'

/** Puts the parts of a worker together: what is in force, what is running, and the servers before it. */
export function planeOf(start: Start, catchUp: () => void) {
  const { entrypoints, counters, drainMs, holdMs, via, firstByteMs, idleMs } = start
  const { clientTimes, bufferBytes } = start
  const counting = countingIn(counters)
  const known = upstreams({ shown: counters, marks: start.marks })
  const choosing = chooser(known)
  const hold = holdQueue({ sized: (size) => counting.held(size) })
  const own = ownParts(() => undefined, start.ownPorts)
  const isOwn = (ip: string, port: number) => isOwnListener(own.parts(), ip, port)
  let publicPort: number | undefined
  function httpsPort(): number | undefined {
    const { listeners } = own.parts()
    const port = listeners.find(({ entrypoint }) => entrypoint === 'https')?.port
    return port === undefined ? undefined : (publicPort ?? port)
  }
  const site: Site = {
    nowMs: machineMs,
    share: start.share,
    seat: start.seat,
    isOwn,
    httpsPort,
    pageOf: pages(choosing, isOwn),
  }
  const wished = wishes()
  const tables = liveTables({
    catchUp,
    chains: chains(site),
    changed(changes, nowMs) {
      known.settle(changes, leaveMs(drainMs), nowMs)
      choosing.settle(changes)
      wished.change(changes)
      hold.wake()
    },
  })
  const access = accessLogOf(start)
  const tls = terminator({ wishFor: (host) => wished.wishFor(host) })
  const engine = new Engine({
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
    secured(host) {
      const port = httpsPort()
      if (port === undefined || !tls.covers(host)) return undefined
      return port === 443 ? `https://${host}` : `https://${host}:${port}`
    },
    clientTimes,
    bufferBytes,
    access,
  })
  const trust = start.trust.length > 0 ? engine.trust : undefined
  const ofTcp = {
    tables,
    upstreams: known,
    chooser: choosing,
    hold,
    holdMs,
    trust,
    tls,
    gates: gates(start.share, start.seat),
    ...engine.room,
    access,
  }
  const tcpAt = (entrypoint: string, at: number) =>
    besideHttp(entrypoint, ofTcp, tcpCountingIn(counters, at))
  const serverOf = (listener: Listener): EntrypointServer => {
    const at = entrypoints.indexOf(listener.entrypoint)
    switch (listener.kind ?? 'http') {
      case 'tcp':
        return tcpServer(listener, ofTcp, tcpCountingIn(counters, at))
      case 'https':
        return httpsServer(listener, at, engine, tls, tcpAt(listener.entrypoint, at))
      case 'http':
        return httpServer(listener, at, engine)
    }
  }
  return {
    tables,
    engine,
    /** What TLS goes by from now on. */
    secure({ feed, httpsPort: port }: Secure): void {
      tls.use(feed)
      publicPort = port
    },
    access,
    serverOf,
    listening: (bound: readonly Bound[]) => own.listening(bound),
    /** Checks say something else of somebody. */
    checked(): void {
      known.checked()
      hold.wake()
    },
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
