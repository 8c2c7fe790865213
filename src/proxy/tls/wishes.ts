import type { TableRoute } from '../route.ts'

/** Names of certificates that routes wish for, by host; undefined while none does. */
export type Wishes = ReadonlyMap<string, string> | undefined

/** The wishes of the routes at `entrypoint`: those without a host, or with an expression, can't have any. */
export function wishesOf(routes: readonly TableRoute[], entrypoint: string): Wishes {
  const wishes = new Map<string, string>()
  for (const { entrypoint: at, tls, hosts } of routes) {
    const certificate = tls?.certificate
    if (at !== entrypoint || certificate === undefined) continue
    for (const host of hosts.exact) wishes.set(host, certificate)
    for (const suffix of hosts.suffixes) wishes.set(`*.${suffix}`, certificate)
  }
  return wishes.size > 0 ? wishes : undefined
}

/** The wish for `host`: its own, else that of the longest wildcard. */
export function wishFor(wishes: Wishes, host: string): string | undefined {
  if (!wishes) return undefined
  const own = wishes.get(host)
  if (own !== undefined) return own
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    const wish = wishes.get(`*${host.slice(dot)}`)
    if (wish !== undefined) return wish
  }
  return undefined
}
