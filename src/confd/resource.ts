import { posix } from 'node:path'

import { parse } from 'smol-toml'
import { z } from 'zod'

import { messageOf, PortolanError } from '../core/errors.ts'
import type { Problem } from '../core/problems.ts'
import { namesFile, refuseClashes } from './clashes.ts'
import type { CommandLine } from './command.ts'
import { type Each, eachOf } from './each.ts'
import { type Fields, parseWait, templateSchema, type Wait } from './fields.ts'
import type { Format } from './format.ts'
import { parseMode } from './mode.ts'
import type { Group } from './reloads.ts'

/** One file to render: a template, its destination, and what has to be done around it. */
export type Resource = {
  /** Its file below `conf.d`; with `#2` for the second of several in it. */
  readonly name: string
  /** Template, relative to `templates`. */
  readonly src: string
  /** Absolute path; with `each` a template for it. */
  readonly dest: string
  /** Undefined: one file. */
  readonly each: Each | undefined
  /** Full keys of the store, the prefix included: each an exact key or a directory. */
  readonly keys: readonly string[]
  /** Taken off the keys before templates see them; empty, or `/` and no `/` at its end. */
  readonly prefix: string
  /** Undefined: the destination's, else 0644. */
  readonly mode: number | undefined
  /** Names are looked up when the file is written. */
  readonly uid: number | string | undefined
  readonly gid: number | string | undefined
  readonly check: Check | undefined
  readonly reload: Reload | undefined
  /** The resources that share the reload. */
  readonly group: Group
  /** Of the template's own work. */
  readonly renderTimeoutMs: number
  /** What the output has to be. */
  readonly format: Format | undefined
  /** Keep the file that is replaced as `dest.bak`. */
  readonly backup: boolean
  readonly wait: Wait
}

export type Check = { readonly command: CommandLine; readonly timeoutMs: number }

/** How a program gets to know of its new file. */
export type Reload = { readonly timeoutMs: number } & (
  | { readonly kind: 'command'; readonly command: CommandLine }
  /** `action` is `restart` or a signal's name. */
  | { readonly kind: 'container'; readonly container: string; readonly action: string }
)

/** One `[template]` of a file: what it says, or what is wrong with it. */
export type Parsed =
  | { readonly resource: Resource; readonly warnings: readonly Problem[] }
  | { readonly fault: PortolanError }

/**
 * Reads a resource file in confd's format, also with several `[[template]]`, for which fields above the first one are
 * defaults. Throws `bad-config` if it is no such file; what is wrong with one template is said for that one alone:
 * file, field, value and remedy. `name` is the file below `conf.d`.
 */
export function parseResources(name: string, source: string): readonly Parsed[] {
  const sections = templateSections(name, source)
  return sections.map((section, index): Parsed => {
    const own = index === 0 ? name : `${name}#${index + 1}`
    const result = templateSchema.safeParse(section)
    if (!result.success) return { fault: invalid(own, section, result.error) }
    const fields = result.data
    try {
      refuseClashes(own, fields)
      const resource = resourceOf(own, fields, { file: name, members: sections.length })
      return { resource, warnings: warningsOf(own, fields) }
    } catch (fault) {
      if (fault instanceof PortolanError) return { fault }
      throw fault
    }
  })
}

function templateSections(name: string, source: string): readonly object[] {
  let document: Record<string, unknown>
  try {
    document = parse(source)
  } catch (cause) {
    const why = messageOf(cause).split('\n', 1)[0] ?? ''
    throw new PortolanError('bad-config', `${name} is not TOML (${why}); fix its syntax`, { cause })
  }
  const { template, ...shared } = document
  if (Array.isArray(template)) {
    return template.map((one: unknown) => ({ ...shared, ...(isTable(one) ? one : {}) }))
  }
  if (isTable(template)) return [{ ...shared, ...template }]
  throw new PortolanError(
    'bad-config',
    `${name} has no [template] section; begin it with that line`,
  )
}

function isTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(name: string, section: object, error: z.ZodError): PortolanError {
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

type Place = { readonly file: string; readonly members: number }

function resourceOf(name: string, fields: Fields, place: Place): Resource {
  const prefix = fields.prefix === '' ? '' : absolute(fields.prefix)
  const { check_cmd: command, check_cmd_timeout: timeoutMs } = fields
  const each = eachOf(name, fields)
  return {
    name,
    src: fields.src,
    dest: each ? fields.dest : posix.normalize(fields.dest),
    each,
    keys: fields.keys.map((key) => absolute(`${prefix}/${key}`) || '/'),
    prefix,
    mode: parseMode(String(fields.mode)),
    uid: fields.owner ?? fields.uid,
    gid: fields.group ?? fields.gid,
    check: command === undefined ? undefined : { command, timeoutMs },
    reload: reloadOf(fields),
    group: groupOf(name, fields, place),
    renderTimeoutMs: fields.render_timeout,
    format: fields.output_format,
    backup: fields.backup,
    wait: parseWait(fields.wait) ?? { minMs: 0, maxMs: 0 },
  }
}

/** Those of one file with the same reload share it, unless that names the file. */
function groupOf(name: string, fields: Fields, { file, members }: Place): Group {
  const minMs = fields.min_reload_interval
  const reload = JSON.stringify([fields.reload_cmd, fields.container, fields.signal])
  const own = { name, members: 1, minMs }
  return namesFile(fields) ? own : { name: `${file} ${reload}`, members, minMs }
}

function reloadOf(fields: Fields): Reload | undefined {
  const { container, signal = 'HUP', restart, reload_cmd: command } = fields
  const timeoutMs = fields.reload_cmd_timeout
  if (command !== undefined) return { kind: 'command', command, timeoutMs }
  if (container === undefined) return undefined
  return { kind: 'container', container, action: restart ? 'restart' : signal, timeoutMs }
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
  // a TOML number such as 0o644 comes as what it means; one that reads like a mode was meant as one
  const reads = typeof mode === 'number' ? /^[0-7]{3}$/ : /^[1-9][0-9_]*$/
  if (!reads.test(String(mode)) || isUsual(mode)) return warnings
  const real = (parseMode(String(mode)) ?? 0).toString(8).padStart(4, '0')
  const what = `mode = ${JSON.stringify(mode)} is a decimal number: the file gets mode ${real}`
  const why = 'as in confd, only a leading 0 makes it octal'
  return [...warnings, { severity: 'warning', where, what, why, remedy: `write "0${mode}"` }]
}

/** 0o644 is 420, 0o600 is 384: numbers whose meaning is a mode that people give to files. */
function isUsual(mode: number | string): boolean {
  return typeof mode === 'number' && (mode & 0o400) !== 0 && mode <= 0o777
}
