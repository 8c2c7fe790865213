import { connect } from 'node:http2'

import type { HealthCheck } from '../../core/policy.ts'
import { dial } from './dial.ts'
import type { Found, Place } from './found.ts'

/** A message of no bytes, with its frame: the request for the whole server's health. */
const question = Buffer.alloc(5)
/** `HealthCheckResponse { status: SERVING }`, with its frame. */
const serving = Buffer.from([0, 0, 0, 0, 2, 8, 1])

/** The gRPC health checking protocol (grpc.health.v1.Health/Check), without TLS. Rejects when there is no answer. */
export async function probeGrpc(
  place: Place,
  { host }: HealthCheck,
  signal: AbortSignal,
): Promise<Found> {
  const at = place.ip.includes(':') ? `[${place.ip}]` : place.ip
  const session = connect(`http://${at}:${place.port}`, { createConnection: () => dial(place) })
  try {
    const body = await new Promise<Buffer>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      session.on('error', reject)
      const stream = session.request({
        ':method': 'POST',
        ':path': '/grpc.health.v1.Health/Check',
        ...(host === undefined ? {} : { ':authority': host }),
        'content-type': 'application/grpc',
        te: 'trailers',
      })
      const pieces: Buffer[] = []
      stream.on('data', (piece: Buffer) => pieces.push(piece))
      stream.on('error', reject)
      stream.on('end', () => resolve(Buffer.concat(pieces)))
      stream.end(question)
    })
    const passed = body.equals(serving)
    return { passed, why: passed ? 'gRPC health is SERVING' : 'gRPC health is not SERVING' }
  } finally {
    session.destroy()
  }
}
