import { kindOf } from '../../core/middleware-kind.ts'
import type { NamedMiddleware } from '../table/route.ts'

/** They look at heads, or set limits: what they want can be had of streams that go through as they come. */
const ofStreams: ReadonlySet<string> = new Set([
  'stripPrefix',
  'stripPrefixRegex',
  'addPrefix',
  'replacePath',
  'replacePathRegex',
  'redirectScheme',
  'redirectRegex',
  'headers',
  'cors',
  'allowHosts',
  'allowIp',
  'basicAuth',
  'digestAuth',
  'forwardAuth',
  'rateLimit',
  'inFlight',
  'circuitBreaker',
  'maxBody',
  'timeout',
])

/** Whether no middleware of a route wants to read, keep or change what follows a head. */
export function areOfStreams(middlewares: readonly NamedMiddleware[]): boolean {
  return middlewares.every(
    ({ middleware }) => ofStreams.has(kindOf(middleware)) && !readsBody({ middleware }),
  )
}

/**
 * Whether one has to see a whole body before anything goes on. Calls of gRPC have none that ends before its answer
 * begins, and whoever wants to see them must not be passed by.
 */
export function readsBody({ middleware }: Pick<NamedMiddleware, 'middleware'>): boolean {
  return 'forwardAuth' in middleware && middleware.forwardAuth.forwardBody
}

/** Those that have a meaning for calls of gRPC: without pages, coded bodies, and repeats of them. */
export function isForCalls({ middleware }: Pick<NamedMiddleware, 'middleware'>): boolean {
  return ofStreams.has(kindOf(middleware))
}

const call = /^application\/grpc(?:[+;\s]|$)/i

/** Whether a request is a call of gRPC by its Content-Type; `grpc-web`, which needs no trailers, is not meant. */
export function isCall(contentType: string | undefined): boolean {
  return contentType !== undefined && call.test(contentType)
}
