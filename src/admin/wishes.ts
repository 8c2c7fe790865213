import type { FastifyInstance } from 'fastify'

import { oneOf } from './query.ts'

export type Verb = 'drain' | 'undrain'

/** What became of a wish: the subjects that it was made for, or why there is none. */
export type Wished =
  | {
      readonly ok: true
      /** `<node>/<container id, 12>/<port>[:udp]`, and what people call it. */
      readonly subjects: readonly { readonly subject: string; readonly name: string }[]
      /** What whoever wished ought to know; empty for nothing. */
      readonly notes: readonly string[]
    }
  | {
      readonly ok: false
      readonly status: 404 | 409
      readonly error: string
      readonly candidates: readonly string[]
    }

/** `POST /v1/drain?instance=…` and `/v1/undrain`: 404 names the candidates when nobody is meant, 409 when several are. */
export function addWishes(
  server: FastifyInstance,
  wish: (verb: Verb, instance: string) => Promise<Wished>,
): void {
  for (const verb of ['drain', 'undrain'] as const) {
    server.post(`/v1/${verb}`, async (request, reply) => {
      const instance = oneOf(request.query, ['instance'])
      if (!instance) {
        return reply.code(400).send({ error: `name one instance: /v1/${verb}?instance=NAME` })
      }
      const answer = await wish(verb, instance.value)
      if (answer.ok) return { [`${verb}ed`]: answer.subjects, notes: answer.notes }
      const { status, error, candidates } = answer
      return reply.code(status).send({ error, candidates })
    })
  }
}
