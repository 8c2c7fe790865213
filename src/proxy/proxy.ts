import { derive } from '../core/live.ts'
import { type Asked, explainRequest, type RequestExplained } from './explain.ts'
import { identities } from './identities.ts'
import type { ProxyOptions } from './options.ts'
import { planeOf } from './plane.ts'
import type { Bound } from './server.ts'
import { closeAll, openAll } from './servers.ts'
import { targetOf } from './targets.ts'
import { type RouteView, routeViews, type UpstreamView, upstreamView } from './views.ts'

export type Proxy = {
  /** Listens on all entrypoints. Rejects `listen`, after which none is open. */
  open(): Promise<readonly Bound[]>
  /**
   * Follows catalog and vantage. When `signal` aborts: accepts for a moment more, lets running requests finish within
   * `drainMs`, closes everything, and resolves.
   */
  run(signal: AbortSignal): Promise<void>
  routes(): readonly RouteView[]
  /** Of the instance with this identity, if it is in the catalog. */
  upstream(identity: string): UpstreamView | undefined
  /** What would become of a request, and why. */
  explain(asked: Asked): RequestExplained
}

/** The HTTP data plane. Throws `bad-config` for a bad `trust`. */
export function createProxy(options: ProxyOptions): Proxy {
  const { catalog, vantage, drainMs } = options
  const { own, current, known, servers, engine } = planeOf(options)
  const byIdentity = derive(catalog, identities)

  return {
    async open() {
      const bound = await openAll(servers)
      engine.start()
      own.listening(bound)
      return bound
    },
    async run(signal) {
      await current.follow(signal)
      await closeAll(servers, engine, drainMs)
    },
    routes: () => routeViews(current.table.routes),
    explain: (asked) => explainRequest(current, own.parts().listeners, asked),
    upstream(identity) {
      const instance = byIdentity.current.get(identity)
      const [from, now] = [vantage.current, catalog.current]
      if (!instance || !from || !now) return undefined
      const placed = targetOf(instance, { vantage: from, own: own.parts(), nodes: now.nodes })
      return upstreamView(placed, known.get(identity))
    },
  }
}
