import { z } from 'zod'

import { parseDuration } from '../core/duration.ts'
import { formats } from './format.ts'
import { parseMode } from './mode.ts'

const text = (remedy: string) => z.string({ error: remedy }).min(1, { error: remedy })

const owner = (remedy: string) =>
  z
    .union([z.int(), z.string()], { error: remedy })
    .refine((id) => /^[\w.][\w.-]*$/.test(String(id)), { error: remedy })
    .optional()
const userRemedy = 'write a user as name or number, such as "www-data" or 33'
const groupRemedy = 'write a group as name or number, such as "www-data" or 33'

const commandRemedy =
  'write a shell command in quotes, or a list of a program and its arguments, such as ["nginx", "-t"]'
const command = z
  .union([z.string(), z.array(text(commandRemedy)).min(1, { error: commandRemedy })], {
    error: commandRemedy,
  })
  .transform((line) => (line === '' ? undefined : line))
  .optional()

const duration = (usual: string) =>
  z
    .string({ error: `write a time in quotes, such as "${usual}"` })
    .refine((time) => parseDuration(time) !== undefined, {
      error: `write a time with a unit, such as "${usual}"`,
    })
    .transform((time) => parseDuration(time) ?? 0)
const limit = (usual: string) =>
  duration(usual)
    .refine((ms) => ms > 0, { error: `write a time over 0, such as "${usual}"` })
    .prefault(usual)

const modeRemedy = 'write an octal number with a leading 0, such as "0644" or 0o644'

/** The fields of a `[template]` section: confd's, those of its living fork, and ours. */
export const templateSchema = z.looseObject({
  src: text('write the file name of a template in the templates folder, such as "web.conf.njk"'),
  dest: text('write the path of the file to make').startsWith('/', {
    error: 'write an absolute path, such as "/etc/nginx/conf.d/web.conf"',
  }),
  for_each: text(
    'write an expression that gives a list, such as "services", or a pattern of keys, such as "/web/*"',
  ).optional(),
  keys: z
    .array(text('write keys in quotes'), { error: 'write a list of keys, such as ["/services"]' })
    .default([]),
  prefix: z.string({ error: 'write a key in quotes, such as "/production"' }).default(''),
  mode: z
    .union([z.string(), z.int()], { error: modeRemedy })
    .refine((mode) => mode === '' || parseMode(String(mode)) !== undefined, { error: modeRemedy })
    .default(''),
  uid: owner(userRemedy),
  gid: owner(groupRemedy),
  owner: owner(userRemedy),
  group: owner(groupRemedy),
  check_cmd: command,
  check_cmd_timeout: limit('30s'),
  reload_cmd: command,
  reload_cmd_timeout: limit('60s'),
  container: text('write the name or id of a container, or "label:name=value"').optional(),
  signal: z
    .string({ error: 'write the name of a signal, such as "HUP"' })
    .regex(/^[A-Z][A-Z0-9+-]*$/, { error: 'write the name of a signal, such as "HUP"' })
    .optional(),
  restart: z.boolean({ error: 'write true or false' }).default(false),
  min_reload_interval: duration('10s').prefault('0s'),
  render_timeout: limit('10s'),
  output_format: z
    .preprocess(
      (name) => (name === 'yml' ? 'yaml' : name),
      z.enum(formats, { error: `write one of ${formats.join(', ')}` }).optional(),
    )
    .optional(),
  backup: z.boolean({ error: 'write true or false' }).default(false),
  wait: z
    .string({ error: 'write "min:max", such as "100ms:2s"' })
    .refine((wait) => parseWait(wait) !== undefined, {
      error: 'write "min:max" with min <= max, such as "100ms:2s"',
    })
    .default('100ms:2s'),
})
export type Fields = z.infer<typeof templateSchema>

/** Rendering waits for `minMs` without a change, but not longer than `maxMs` from the first one. */
export type Wait = { readonly minMs: number; readonly maxMs: number }

/** `min:max`, or one time for both. */
export function parseWait(wait: string): Wait | undefined {
  const [min = '', max = min, ...rest] = wait.split(':')
  const minMs = parseDuration(min)
  const maxMs = parseDuration(max)
  if (minMs === undefined || maxMs === undefined || rest.length > 0) return undefined
  return minMs <= maxMs ? { minMs, maxMs } : undefined
}
