import type { IncomingMessage } from 'node:http'
import { connect as connectTls } from 'node:tls'

import { http } from '../../core/node-http.ts'
import type { HealthCheck } from '../../core/policy.ts'
import { dial } from './dial.ts'
import { isExpected } from './expect.ts'
import type { Found, Place } from './found.ts'

const mostRedirects = 5

/** One request on a connection of its own; passes by its status. Rejects when there is no answer. */
export async function probeHttp(
  place: Place,
  check: HealthCheck,
  signal: AbortSignal,
): Promise<Found> {
  const host = check.host ?? authorityOf(place)
  let path = check.path
  for (let hops = 0; ; hops++) {
    const { status, location } = await asked(place, { ...check, path }, host, signal)
    const next = check.followRedirects && hops < mostRedirects ? ownPath(location, host) : undefined
    if (next === undefined || status < 300 || status > 399) {
      return {
        passed: isExpected(status, check.expect),
        why: `${check.method} ${path} gave ${status}`,
      }
    }
    path = next
  }
}

async function asked(
  place: Place,
  check: HealthCheck,
  host: string,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly location: string | undefined }> {
  const { kind, method, path, headers } = check
  const plain = dial(place)
  // reached by address, for which nobody has a certificate: as requests are
  const unchecked = { socket: plain, servername: check.host ?? '', rejectUnauthorized: false }
  const outgoing = http.request({
    method,
    path,
    signal,
    createConnection: () => (kind === 'https' ? connectTls(unchecked) : plain),
    headers: { 'user-agent': 'portolan-check', ...headers, host, connection: 'close' },
  })
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve)
      outgoing.on('error', reject)
      outgoing.end()
    })
    answer.on('error', () => {})
    return { status: answer.statusCode ?? 0, location: answer.headers.location }
  } finally {
    outgoing.destroy()
  }
}

/** Path and query of a redirect to the same host; others lead away from the endpoint. */
function ownPath(location: string | undefined, host: string): string | undefined {
  if (location === undefined) return undefined
  const url = URL.parse(location, `http://${host}`)
  return url && url.host === URL.parse(`http://${host}`)?.host
    ? `${url.pathname}${url.search}`
    : undefined
}

function authorityOf({ ip, port }: Place): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}
