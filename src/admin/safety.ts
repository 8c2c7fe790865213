import type { FastifyInstance, FastifyRequest } from 'fastify'

import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { type Caller, type GuardOptions, refusalOf } from './guard.ts'

export type Headers = Readonly<Record<string, string>>

/** What every answer carries; `policy` is the Content-Security-Policy. */
export function securityHeaders(policy: string): Headers {
  return {
    'content-security-policy': policy,
    'cache-control': 'no-store',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  }
}

/** Refuses requests before anything else sees them. */
export function addGuard(server: FastifyInstance, options: GuardOptions, headers: Headers): void {
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(headers)
    const refusal = refusalOf(callerOf(request), options)
    if (refusal) return reply.code(refusal.status).send({ error: refusal.error })
  })
  // no request of ours has a body: one is let pass up to the limit, and not read
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'string' }, async () => undefined)
}

/** All errors are JSON with `error`; ours are logged, the client's are not. */
export function answerErrors(server: FastifyInstance, log: Log): void {
  server.setNotFoundHandler((_, reply) => reply.code(404).send({ error: 'there is nothing here' }))
  server.setErrorHandler((error, request, reply) => {
    const status = statusOf(error)
    if (status >= 500)
      log.error({ err: error, path: request.url }, 'the admin server failed to answer')
    return reply.code(status).send({ error: messageOf(error) })
  })
}

function statusOf(error: unknown): number {
  const known = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  return typeof known === 'number' && known >= 400 ? known : 500
}

const forwarding = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via']

function callerOf({ method, headers, socket }: FastifyRequest): Caller {
  const { host, origin, authorization, 'sec-fetch-site': site } = headers
  return {
    method,
    host,
    origin,
    authorization,
    site: Array.isArray(site) ? site.join() : site,
    remote: socket.remoteAddress ?? '',
    forwarded: forwarding.some((name) => headers[name] !== undefined),
  }
}
