import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'

import { http } from '../../core/node-http.ts'
import type { HealthCheck } from '../../core/policy.ts'
import { limits } from '../http1/limits.ts'
import { dial } from './dial.ts'
import { isExpected } from './expect.ts'
import type { Found, Place } from './found.ts'
import { overHttp2 } from './over-http2.ts'

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

type Answered = { readonly status: number; readonly location: string | undefined }

async function asked(
  place: Place,
  check: HealthCheck,
  host: string,
  signal: AbortSignal,
): Promise<Answered> {
  const { kind, method, path, headers } = check
  const said = { 'user-agent': 'portolan-check', ...headers }
  if (kind === 'http' && place.protocol === 'h2c') {
    const pseudo = { ':method': method, ':path': path, ':authority': host }
    return await overHttp2<Answered>(place, { ...said, ...pseudo }, signal, (stream, done) => {
      stream.on('response', ({ ':status': status = 0, location }) => done({ status, location }))
      stream.end()
    })
  }
  const outgoing = http.request({
    method,
    path,
    signal,
    maxHeaderSize: limits.head,
    // not before all else is known to be valid: nobody would have the connection, nor its errors
    createConnection: () => connected(place, check),
    headers: { ...said, host, connection: 'close' },
  })
  try {
    const answer = await answerTo(outgoing)
    return { status: answer.statusCode ?? 0, location: answer.headers.location }
  } finally {
    outgoing.destroy()
  }
}

/** The answer to a request that has no content; 101 is one, too. Rejects when there is none. */
export async function answerTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  return await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', (answer) => {
      answer.on('error', () => {})
      resolve(answer)
    })
    outgoing.once('upgrade', (answer, socket) => {
      socket.destroy()
      resolve(answer)
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

function connected(place: Place, { kind, host }: HealthCheck): Duplex {
  const plain = dial(place)
  if (kind !== 'https') return plain
  // reached by address, for which nobody has a certificate: as requests are
  return connectTls({ socket: plain, servername: host ?? '', rejectUnauthorized: false })
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
