import type { RouteChange } from '../table/changes.ts'
import type { TableRoute } from '../table/route.ts'

/** Which certificates routes wish for. */
export type Wishes = {
  /** The table has changed. */
  change(changes: readonly RouteChange[]): void
  /** The wish for `host`: its own, else that of the longest wildcard. */
  wishFor(host: string): string | undefined
}

/** Only routes that name their hosts can have a wish, not those with an expression. */
export function wishes(): Wishes {
  const routes = new Map<string, TableRoute>()
  let byHost: ReadonlyMap<string, string> = new Map()

  return {
    change(changes) {
      let moved = false
      for (const { before, after } of changes) {
        const key = (after ?? before)?.key ?? ''
        if (after?.tls?.certificate !== undefined) routes.set(key, after)
        else if (!routes.delete(key)) continue
        moved = true
      }
      if (moved) byHost = wishesOf(routes.values())
    },
    wishFor(host) {
      if (byHost.size === 0) return undefined
      const own = byHost.get(host)
      if (own !== undefined) return own
      for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
        const wish = byHost.get(`*${host.slice(dot)}`)
        if (wish !== undefined) return wish
      }
      return undefined
    },
  }
}

function wishesOf(routes: Iterable<TableRoute>): ReadonlyMap<string, string> {
  const byHost = new Map<string, string>()
  for (const { tls, hosts } of routes) {
    const certificate = tls?.certificate ?? ''
    for (const host of hosts.exact) byHost.set(host, certificate)
    for (const suffix of hosts.suffixes) byHost.set(`*.${suffix}`, certificate)
  }
  return byHost
}
