import { z } from 'zod'

import { block, type Line, lines } from './lines.ts'

const route = z.object({
  name: z.string(),
  rule: z.string(),
  service: z.string(),
  source: z.string(),
})

/** The answer about a request. */
export const requestAnswer = z.object({
  kind: z.literal('url'),
  url: z.string(),
  method: z.string(),
  entrypoint: z.string(),
  route: route.optional(),
  others: z.array(route.extend({ why: z.string() })),
  endpoints: z.array(
    z.object({
      at: z.string(),
      identity: z.string(),
      state: z.string(),
      used: z.boolean(),
      note: z.string().default(''),
    }),
  ),
  status: z.number().optional(),
  why: z.string(),
})

type Answer = z.infer<typeof requestAnswer>

/** For people: what is answered first, then why. */
export function requestText(answer: Answer, colours: boolean): string {
  const { method, url, entrypoint, status, why, route: taken } = answer
  const result: Line = {
    name: 'answer',
    text: `${status === undefined ? '' : `${status}: `}${why}`,
    tone: status === undefined ? 'green' : 'red',
  }
  return lines(
    [
      { name: `${method} ${url}`, text: '' },
      result,
      { name: 'entrypoint', text: entrypoint },
      { name: 'route', text: taken ? `${taken.name}: ${taken.rule}` : 'none', ...dim(!taken) },
      ...(taken ? [{ name: 'service', text: `${taken.service} (${taken.source})` }] : []),
      ...block(
        'endpoints',
        answer.endpoints.map(({ at, identity, state, used, note }) => {
          const words = [state, ...(note === '' ? [] : [note]), ...(used ? [] : ['not used'])]
          return { text: `${at} ${words.join(', ')} (${identity})`, state }
        }),
      ),
      ...block(
        'also match',
        answer.others.map((one) => ({
          text: `${one.name} (${one.service}): ${one.rule}; but ${one.why}`,
        })),
      ),
    ],
    colours,
  )
}

function dim(is: boolean): Pick<Line, 'tone'> {
  return is ? { tone: 'red' } : {}
}
