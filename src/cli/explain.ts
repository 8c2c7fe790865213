import { z } from 'zod'

import { PortolanError } from '../core/errors.ts'
import { askAdminForGood } from './client.ts'
import type { Command } from './command.ts'
import { containerAnswer, containerText } from './explain-container.ts'
import { requestAnswer, requestText } from './explain-request.ts'

const answerSchema = z.discriminatedUnion('kind', [containerAnswer, requestAnswer])

/** What a running Portolan knows of a container, or would do with a request: text for people, or JSON. */
export async function explained(
  { admin, what, method, json }: Extract<Command, { kind: 'explain' }>,
  colours: boolean,
): Promise<string> {
  const query = isUrl(what) ? { url: what, method } : { container: what }
  const path = `/v1/explain?${new URLSearchParams(query).toString()}`
  const answer = await askAdminForGood(admin, { path })
  if (json) return `${JSON.stringify(answer, null, 2)}\n`
  const read = answerSchema.safeParse(answer).data
  if (!read) {
    throw new PortolanError('admin-down', 'the answer has another form: is that another version?')
  }
  return read.kind === 'container' ? containerText(read, colours) : requestText(read, colours)
}

/** A URL, or a host name with a dot and perhaps a path. `node/name` is a container. */
function isUrl(what: string): boolean {
  return /^(https?|tcp):\/\//i.test(what)
}
