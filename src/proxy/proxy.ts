import { both, derive, live } from '../core/live.ts'
import type { Problem } from '../core/problems.ts'
import { aborted } from '../core/retry.ts'
import { Probing } from './checks/probing.ts'
import { Crew } from './control/crew.ts'
import { metricsIn } from './control/metrics.ts'
import { Numbers } from './control/numbers.ts'
import { tcpMetricsIn } from './control/tcp-metrics.ts'
import { type Asked, explainRequest, type RequestExplained } from './explain.ts'
import { identities } from './identities.ts'
import type { Bound, EntrypointKind } from './listener.ts'
import { machineMs } from './middleware/share.ts'
import { openings } from './openings.ts'
import type { ProxyOptions } from './options.ts'
import { problemList } from './problem-list.ts'
import { startOf } from './start.ts'
import { ownParts } from './table/own-parts.ts'
import { MadeTables } from './table/tables.ts'
import { targetOf } from './table/targets.ts'
import { explainConnection, isForTcp } from './tcp/explain.ts'
import { tlsFeeds } from './tls/feeds.ts'
import { uncertified } from './tls/uncertified.ts'
import { type RouteView, routeViews, type UpstreamView, upstreamView } from './views.ts'

export type Proxy = {
  /** Listens on all entrypoints but those that wait for a certificate. Rejects `listen`, after which none is open. */
  open(): Promise<readonly Bound[]>
  /**
   * Follows catalog and vantage. When `signal` aborts: accepts for a moment more, lets running requests finish within
   * `drainMs`, closes everything, and resolves.
   */
  run(signal: AbortSignal): Promise<void>
  /** Where it listens now. */
  entrypoints(): readonly Bound[]
  routes(): readonly RouteView[]
  /** Of the instance with this identity, if it is in the catalog. */
  upstream(identity: string): UpstreamView | undefined
  /** What would become of a request, and why. */
  explain(asked: Asked): RequestExplained
}

/** The HTTP data plane. Throws `bad-config` for a bad `trust`. */
export function createProxy(options: ProxyOptions): Proxy {
  const { catalog, vantage, listeners, certificates, registry } = options
  const entrypoints = listeners.map(({ entrypoint }) => entrypoint)
  const numbers = new Numbers(entrypoints, options.workers)
  const own = ownParts(options.self, options.ownPorts)
  const problems = problemList()
  const report = (part: string) => (list: readonly Problem[]) => {
    problems.set(part, list)
    options.report(problems.list())
  }
  const missing = uncertified({
    kinds: new Map(listeners.map(({ entrypoint, kind = 'http' }) => [entrypoint, kind])),
    report: report('certificates'),
  })
  const byIdentity = derive(catalog, identities)
  const probing = new Probing({
    registry,
    numbers,
    secrets: { folder: options.secrets ?? '/run/secrets', ours: options.ownSecrets ?? [] },
    named: byIdentity,
    changed: () => workers.checked(),
    report,
  })
  const current = new MadeTables({
    catalog,
    vantage,
    own: () => own.parts(),
    report: report('table'),
    changed(changes, _, whereOf) {
      missing.change(changes, whereOf)
      numbers.follow(changes)
      probing.settle(changes)
      workers.changed(changes, current.table.complete)
      if (changes.some(({ after }) => after?.tcp?.tls === 'passed')) passing.set(true)
      options.log.debug({ changes: changes.length }, 'route table replaced')
    },
  })
  /** Some route wants TLS as it is, so that it needs no certificate of ours. */
  const passing = live(false)
  const secured = tlsFeeds(certificates, options.httpsPort)
  const workers = new Crew({
    numbers,
    start: startOf(options, entrypoints, numbers.marks),
    hangMs: options.hangMs ?? 10_000,
    table: () => current.table,
    lost: () => current.lostAt(machineMs()),
    tls: () => secured.secure.current,
    log: options.log,
    report: report('crew'),
  })
  const speaking = (...kinds: readonly EntrypointKind[]) =>
    new Set(
      listeners
        .filter(({ kind = 'http' }) => kinds.includes(kind))
        .map(({ entrypoint }) => entrypoint),
    )
  metricsIn(registry, numbers, workers, speaking('tcp'))
  tcpMetricsIn(registry, numbers, speaking('tcp', 'https'))
  const opening = openings({
    ...options,
    secured: derive(both(certificates, passing), ([set, passes]) => set.length > 0 || passes),
    listen: (some) => workers.open(some),
    opened(open, waiting) {
      own.listening(open, waiting)
      current.refresh()
    },
    report: report('entrypoints'),
  })

  return {
    open: () => opening.begin(),
    entrypoints: () => opening.now(),
    async run(signal) {
      const closed = new AbortController()
      const following = Promise.all([
        current.follow(closed.signal),
        secured.follow(() => {
          missing.use(certificates.current)
          workers.secure()
        }, closed.signal),
        opening.follow(signal),
        probing.follow(closed.signal),
      ])
      await aborted(signal)
      // those that wait for a successor still get it
      await workers.close()
      closed.abort()
      await following
    },
    routes: () => routeViews(current.table.routes),
    explain: (asked) =>
      isForTcp(current, own.parts().listeners, asked)
        ? explainConnection(current, probing.found, own.parts().listeners, asked)
        : explainRequest(current, probing.found, own.parts().listeners, asked),
    upstream(identity) {
      const instance = byIdentity.current.get(identity)
      const [from, now] = [vantage.current, catalog.current]
      if (!instance || !from || !now) return undefined
      const placed = targetOf(instance, { vantage: from, own: own.parts(), nodes: now.nodes })
      const [inFlight, condition] = [numbers.inFlight(identity), numbers.condition(identity)]
      const { check, role } = probing.report(identity)
      return { ...upstreamView(placed, inFlight, condition, check), role }
    },
  }
}
