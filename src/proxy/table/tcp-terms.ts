import type { RoleWish } from '../../core/policy.ts'

/** Whom a TCP route lets in: addresses, or so many connections at a time of each address. */
export type TcpGate = { readonly ranges: readonly string[] } | { readonly amount: number }

/** What a TCP route has besides its rule and its endpoints. Plain data. */
export type TcpTerms = {
  /**
   * It gets only connections that begin with a ClientHello, and TLS is `passed` on as it is, or has `ended` when its
   * bytes come to an endpoint; null: any connection, as it is.
   */
  readonly tls: 'passed' | 'ended' | null
  readonly gates: readonly TcpGate[]
  /** Version of the PROXY protocol by which its endpoints are told who connects. */
  readonly proxyProtocol: 1 | 2 | null
  /** Only endpoints of that role get its connections; null: whatever they are. */
  readonly role: RoleWish | null
}

/** Where the routes of a TCP entrypoint stand in the index: those for which a ClientHello is needed, and the others. */
export const tlsPlace = (entrypoint: string): string => `tls ${entrypoint}`
export const tcpPlace = (entrypoint: string): string => `tcp ${entrypoint}`

/** Where a route stands: requests by the entrypoint's name, connections at one of those two. */
export function placeOf(route: {
  readonly entrypoint: string
  readonly tcp: TcpTerms | undefined
}): string {
  const { entrypoint, tcp } = route
  if (tcp === undefined) return entrypoint
  return tcp.tls !== null ? tlsPlace(entrypoint) : tcpPlace(entrypoint)
}
