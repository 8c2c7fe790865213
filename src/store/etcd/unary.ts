import type { Metadata, ServiceError } from '@grpc/grpc-js'

import type { Endpoint } from './endpoint.ts'
import type { Method } from './methods.ts'

/** Where and for how long to try a call. */
export type Try = {
  readonly endpoint: Endpoint
  readonly metadata: Metadata
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Calls `method` once. Rejects with gRPC's ServiceError, at the latest after `timeoutMs`. */
export function unary<Answer>(
  { path, serialize, deserialize }: Method<Answer>,
  request: object,
  { endpoint, metadata, timeoutMs, signal }: Try,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const options = { deadline: Date.now() + timeoutMs }
  const done = (error: ServiceError | null, answer?: Answer) => {
    signal.removeEventListener('abort', cancel)
    if (answer === undefined) reject(error ?? new Error('an empty answer'))
    else resolve(answer)
  }
  const call = endpoint
    .client()
    .makeUnaryRequest(path, serialize, deserialize, request, metadata, options, done)
  const cancel = () => call.cancel()
  signal.addEventListener('abort', cancel)
  return promise
}

/** Sends one request on a stream of both directions and takes the first answer; else as `unary`. */
export function once<Answer>(
  { path, serialize, deserialize }: Method<Answer>,
  request: object,
  { endpoint, metadata, timeoutMs, signal }: Try,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const options = { deadline: Date.now() + timeoutMs }
  const stream = endpoint
    .client()
    .makeBidiStreamRequest(path, serialize, deserialize, metadata, options)
  const cancel = () => stream.cancel()
  signal.addEventListener('abort', cancel)
  stream.on('data', resolve)
  stream.on('error', reject)
  stream.on('end', () => reject(new Error('the stream ended without an answer')))
  stream.write(request)
  return promise.finally(() => {
    signal.removeEventListener('abort', cancel)
    stream.cancel()
  })
}
