import { z } from 'zod'

import { PortolanError } from '../core/errors.ts'
import { askAdminForGood } from './client.ts'
import type { Command } from './command.ts'
import { safe } from './table.ts'

const subjects = z.array(z.object({ subject: z.string(), name: z.string() }))
const answerSchema = z.object({
  drained: subjects.optional(),
  undrained: subjects.optional(),
  weighted: subjects.optional(),
  notes: z.array(z.string()),
})

/** Wishes something of an instance, or takes that back; gives a line for each of its ports. */
export async function wished(
  command: Extract<Command, { kind: 'drain' | 'undrain' | 'weight' }>,
): Promise<string> {
  const { kind, admin, instance } = command
  const value = kind === 'weight' ? { value: command.weight } : {}
  const path = `/v1/${kind}?${new URLSearchParams({ instance, ...value }).toString()}`
  const answer = answerSchema.safeParse(await askAdminForGood(admin, { path, method: 'POST' })).data
  if (!answer) {
    throw new PortolanError('admin-down', 'the answer has another form: is that another version?')
  }
  const list = answer.drained ?? answer.undrained ?? answer.weighted ?? []
  const done = kind === 'weight' ? `weight ${command.weight}` : `${kind}ed`
  const lines = list.map(
    ({ subject, name }) => `${done} ${name === '' ? '' : `${name}: `}${subject}`,
  )
  return [...lines, ...answer.notes].map((line) => `${safe(line)}\n`).join('')
}
