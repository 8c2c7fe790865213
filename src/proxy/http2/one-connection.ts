/** Of one connection, which HTTP/2 has no words for (RFC 9113, 8.2.2). Node throws when it is to send one. */
const ofOneConnection: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])

export function isOfOneConnection(name: string): boolean {
  return ofOneConnection.has(name)
}

/** `headers` without those. */
export function withoutOneConnection<Value>(headers: Readonly<Record<string, Value>>) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isOfOneConnection(name)))
}

/** The last status there is (RFC 9110, 15); Node throws for the others. */
const lastStatus = 599

/** A status that HTTP/2 can say: one that is none is to be taken for a failure of the server. */
export function sayable(status: number): number {
  return status > lastStatus ? 502 : status
}
