import type { FastifyInstance } from 'fastify'

import { oneOf } from './query.ts'

export type Verb = 'drain' | 'undrain' | 'weight'

/** What is wished of an instance; `weight` undefined: what its labels say. */
export type Wish =
  | { readonly verb: 'drain' | 'undrain' }
  | { readonly verb: 'weight'; readonly weight: number | undefined }

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

/**
 * `POST /v1/drain?instance=…`, `/v1/undrain` and `/v1/weight?instance=…&value=…`: 404 names the candidates when nobody
 * is meant, 409 when several are.
 */
export function addWishes(
  server: FastifyInstance,
  wish: (wish: Wish, instance: string) => Promise<Wished>,
): void {
  for (const verb of ['drain', 'undrain', 'weight'] as const) {
    server.post(`/v1/${verb}`, async (request, reply) => {
      const instance = oneOf(request.query, ['instance'])
      if (!instance) {
        return reply.code(400).send({ error: `name one instance: /v1/${verb}?instance=NAME` })
      }
      const asked = wishOf(verb, oneOf(request.query, ['value'])?.value ?? '')
      if (!asked) return reply.code(400).send({ error: badWeight })
      const answer = await wish(asked, instance.value)
      if (answer.ok) return { [`${verb}ed`]: answer.subjects, notes: answer.notes }
      const { status, error, candidates } = answer
      return reply.code(status).send({ error, candidates })
    })
  }
}

const badWeight = 'a weight is a whole number from 0 to 1000, or label for what the labels say'

function wishOf(verb: Verb, value: string): Wish | undefined {
  if (verb !== 'weight') return { verb }
  if (value === 'label') return { verb, weight: undefined }
  const weight = /^\d{1,4}$/.test(value) ? Number(value) : Infinity
  return weight <= 1000 ? { verb, weight } : undefined
}
