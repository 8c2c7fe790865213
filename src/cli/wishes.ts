import { z } from 'zod'

import { PortolanError } from '../core/errors.ts'
import { askAdminForGood } from './client.ts'
import type { Command } from './command.ts'
import { safe } from './table.ts'

const subjects = z.array(z.object({ subject: z.string(), name: z.string() }))
const answerSchema = z.object({
  drained: subjects.optional(),
  undrained: subjects.optional(),
  notes: z.array(z.string()),
})

/** Wishes to drain an instance, or takes that back; gives a line for each of its ports. */
export async function wished({
  kind,
  admin,
  instance,
}: Extract<Command, { kind: 'drain' | 'undrain' }>): Promise<string> {
  const path = `/v1/${kind}?${new URLSearchParams({ instance }).toString()}`
  const answer = answerSchema.safeParse(await askAdminForGood(admin, { path, method: 'POST' })).data
  if (!answer) {
    throw new PortolanError('admin-down', 'the answer has another form: is that another version?')
  }
  const list = answer.drained ?? answer.undrained ?? []
  const lines = list.map(
    ({ subject, name }) => `${kind}ed ${name === '' ? '' : `${name}: `}${subject}`,
  )
  return [...lines, ...answer.notes].map((line) => `${safe(line)}\n`).join('')
}
