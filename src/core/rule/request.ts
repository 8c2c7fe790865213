/** What rules look at in a request; of a TCP connection `host` is the name that the client asks for by TLS. Whatever costs something is worked out when a rule asks for it. */
export type RequestView = {
  /** As `normalHost` gives it. */
  readonly host: string
  /** Without query; escapes of unreserved characters decoded, all others as the client wrote them. */
  readonly path: string
  readonly method: string
  /** The peer of the connection, whatever forwarding headers say. */
  readonly ip: string
  /** Names of ALPN that a TLS client offers; looked at by rules of TCP only. */
  readonly alpn?: readonly string[]
  /** All values of a header; `name` in lower case. */
  headers(name: string): readonly string[]
  /** All values of a parameter of the query. */
  query(name: string): readonly string[]
}

/** A GET of `host` and `path` with nothing else to it, or with `more`. */
export function plainRequest(
  host: string,
  path: string,
  more: Partial<RequestView> = {},
): RequestView {
  return { host, path, method: 'GET', ip: '', headers: () => [], query: () => [], ...more }
}
