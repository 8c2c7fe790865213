import { posix } from 'node:path'

import { parse } from 'smol-toml'
import { z } from 'zod'

import { parseDuration } from '../core/duration.ts'
import { messageOf, PortolanError } from '../core/errors.ts'
import type { Problem } from '../core/problems.ts'
import type { CommandLine } from './command.ts'
import { parseMode } from './mode.ts'

/** One file to render: a template, its destination, and what has to be done around it. */
export type Resource = {
  /** Its file below `conf.d`. */
  readonly name: string
  /** Template, relative to `templates`. */
  readonly src: string
  /** Absolute path. */
  readonly dest: string
  /** Full keys of the store, the prefix included: each an exact key or a directory. */
  readonly keys: readonly string[]
  /** Taken off the keys before templates see them; empty, or `/` and no `/` at its end. */
  readonly prefix: string
  /** Undefined: the destination's, else 0644. */
  readonly mode: number | undefined
  readonly uid: number | undefined
  readonly gid: number | undefined
  readonly check: Step | undefined
  readonly reload: Step | undefined
  /** Of the template's own work. */
  readonly renderTimeoutMs: number
  /** Keep the file that is replaced as `dest.bak`. */
  readonly backup: boolean
  readonly wait: Wait
}

/** A command of a resource, with its limit. */
type Step = { readonly command: CommandLine; readonly timeoutMs: number }

/** Rendering waits for `minMs` without a change, but not longer than `maxMs` from the first one. */
export type Wait = { readonly minMs: number; readonly maxMs: number }

/** A resource, and what in its file works otherwise than it looks. */
export type ParsedResource = { readonly resource: Resource; readonly warnings: readonly Problem[] }

const text = (remedy: string) => z.string({ error: remedy }).min(1, { error: remedy })
const id = (what: string) =>
  z
    .int({ error: `write ${what} as a whole number, such as 1000` })
    .min(0)
    .optional()
const commandRemedy =
  'write a shell command in quotes, or a list of a program and its arguments, such as ["nginx", "-t"]'
const commandLine = z
  .union([text(commandRemedy), z.array(text(commandRemedy)).min(1, { error: commandRemedy })], {
    error: commandRemedy,
  })
  .optional()
const duration = (usual: string) =>
  z
    .string({ error: `write a time in quotes, such as "${usual}"` })
    .refine((time) => (parseDuration(time) ?? 0) > 0, {
      error: `write a time with a unit, such as "${usual}"`,
    })
    .transform((time) => parseDuration(time) ?? 0)

const templateSchema = z.looseObject({
  src: text('write the file name of a template in the templates folder, such as "web.conf.njk"'),
  dest: text('write the path of the file to make').startsWith('/', {
    error: 'write an absolute path, such as "/etc/nginx/conf.d/web.conf"',
  }),
  keys: z
    .array(text('write keys in quotes'), { error: 'write a list of keys, such as ["/services"]' })
    .default([]),
  prefix: z.string({ error: 'write a key in quotes, such as "/production"' }).default(''),
  mode: z
    .string({ error: 'write the mode in quotes and with a leading 0, such as "0644"' })
    .refine((mode) => mode === '' || parseMode(mode) !== undefined, {
      error: 'write an octal number with a leading 0, such as "0644"',
    })
    .default(''),
  uid: id("the user's id"),
  gid: id("the group's id"),
  check_cmd: commandLine,
  check_cmd_timeout: duration('30s').prefault('30s'),
  reload_cmd: commandLine,
  reload_cmd_timeout: duration('60s').prefault('60s'),
  render_timeout: duration('10s').prefault('10s'),
  backup: z.boolean({ error: 'write true or false' }).default(false),
  wait: z
    .string({ error: 'write "min:max", such as "100ms:2s"' })
    .refine((wait) => parseWait(wait) !== undefined, {
      error: 'write "min:max" with min <= max, such as "100ms:2s"',
    })
    .default('100ms:2s'),
})
type Fields = z.infer<typeof templateSchema>

/**
 * Reads a resource file in confd's format. Throws `bad-config` with file, field, value and remedy. `name` is
 * the file below `conf.d`.
 */
export function parseResource(name: string, source: string): ParsedResource {
  const section = templateSection(name, source)
  const result = templateSchema.safeParse(section)
  if (!result.success) throw invalid(name, section, result.error)
  const fields = result.data
  return { resource: resourceOf(name, fields), warnings: warningsOf(name, fields) }
}

function templateSection(name: string, source: string): unknown {
  let document: Record<string, unknown>
  try {
    document = parse(source)
  } catch (cause) {
    const why = messageOf(cause).split('\n', 1)[0] ?? ''
    throw new PortolanError('bad-config', `${name} is not TOML (${why}); fix its syntax`, { cause })
  }
  const { template } = document
  if (typeof template === 'object' && !Array.isArray(template)) return template
  throw new PortolanError(
    'bad-config',
    `${name} has no [template] section; begin it with that line`,
  )
}

function invalid(name: string, section: unknown, error: z.ZodError): PortolanError {
  const faults = error.issues.map(({ path, message }) => {
    const value = path.reduce<unknown>(
      (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
      section,
    )
    const shown = value === undefined ? 'is missing' : `is ${JSON.stringify(value)}`
    return `${path.join('.')} ${shown}: ${message}`
  })
  return new PortolanError('bad-config', `${name}: ${faults.join('; ')}`)
}

function resourceOf(name: string, fields: Fields): Resource {
  const prefix = fields.prefix === '' ? '' : absolute(fields.prefix)
  return {
    name,
    src: fields.src,
    dest: posix.normalize(fields.dest),
    keys: fields.keys.map((key) => absolute(`${prefix}/${key}`) || '/'),
    prefix,
    mode: parseMode(fields.mode),
    uid: fields.uid,
    gid: fields.gid,
    check: stepOf(fields.check_cmd, fields.check_cmd_timeout),
    reload: stepOf(fields.reload_cmd, fields.reload_cmd_timeout),
    renderTimeoutMs: fields.render_timeout,
    backup: fields.backup,
    wait: parseWait(fields.wait) ?? { minMs: 0, maxMs: 0 },
  }
}

function stepOf(command: CommandLine | undefined, timeoutMs: number): Step | undefined {
  return command === undefined || command === '' ? undefined : { command, timeoutMs }
}

/** With a leading `/` and none at the end, so that `/` itself gives the empty string. */
function absolute(key: string): string {
  return posix.join('/', key).replace(/\/$/, '')
}

function warningsOf(name: string, { mode, ...fields }: Fields): Problem[] {
  const where = `resource ${name}`
  const warnings = Object.keys(fields)
    .filter((field) => !Object.hasOwn(templateSchema.shape, field))
    .map((field): Problem => {
      const what = `${field} is not a field that we know; it is ignored`
      return { severity: 'warning', where, what, why: 'unknown field', remedy: `remove ${field}` }
    })
  if (!/^[1-9][0-9_]*$/.test(mode)) return warnings
  const real = (parseMode(mode) ?? 0).toString(8).padStart(4, '0')
  const what = `mode = "${mode}" is a decimal number: the file gets mode ${real}`
  const why = 'as in confd, only a leading 0 makes it octal'
  return [...warnings, { severity: 'warning', where, what, why, remedy: `write "0${mode}"` }]
}

function parseWait(wait: string): Wait | undefined {
  const [min = '', max = min, ...rest] = wait.split(':')
  const minMs = parseDuration(min)
  const maxMs = parseDuration(max)
  if (minMs === undefined || maxMs === undefined || rest.length > 0) return undefined
  return minMs <= maxMs ? { minMs, maxMs } : undefined
}
