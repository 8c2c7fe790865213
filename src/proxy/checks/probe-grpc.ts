import type { HealthCheck } from '../../core/policy.ts'
import type { Found, Place } from './found.ts'
import { overHttp2 } from './over-http2.ts'

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
  const headers = {
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    ...(host === undefined ? {} : { ':authority': host }),
    'content-type': 'application/grpc',
    te: 'trailers',
  }
  const body = await overHttp2<Buffer>(place, headers, signal, (stream, done) => {
    let read = Buffer.alloc(0)
    stream.on('data', (piece: Buffer) => {
      read = Buffer.concat([read, piece])
      // it may never end
      if (read.length > serving.length) done(read)
    })
    stream.on('end', () => done(read))
    stream.end(question)
  })
  const passed = body.equals(serving)
  return { passed, why: passed ? 'gRPC health is SERVING' : 'gRPC health is not SERVING' }
}
