import type { FastifyInstance } from 'fastify'

import { oneOf } from './query.ts'

export type Question =
  | { readonly kind: 'container'; readonly name: string }
  | { readonly kind: 'url'; readonly url: string; readonly method: string }

/** What there is to say; or why there is nothing. */
export type Explained =
  | { readonly ok: true; readonly answer: unknown }
  | { readonly ok: false; readonly status: 400 | 404 | 409; readonly error: string }

/** `GET /v1/explain?container=…` or `?url=…`, the latter with `&method=`. */
export function addExplain(
  server: FastifyInstance,
  explain: (question: Question) => Explained,
): void {
  server.get('/v1/explain', (request, reply) => {
    const asked = oneOf(request.query, ['container', 'url'])
    if (!asked) return reply.code(400).send({ error: 'ask for container=NAME or for url=URL' })
    const { name, value } = asked
    const method = oneOf(request.query, ['method'])?.value.toUpperCase() ?? 'GET'
    const explained = explain(
      name === 'url' ? { kind: 'url', url: value, method } : { kind: 'container', name: value },
    )
    if (explained.ok) return explained.answer
    return reply.code(explained.status).send({ error: explained.error })
  })
}
