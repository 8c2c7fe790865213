import { posix } from 'node:path'

import { PortolanError } from '../core/errors.ts'
import type { Fields } from './fields.ts'

/** One file for each item of a list. */
export type Each = {
  /** A nunjucks expression that gives a list or a map. */
  readonly list: string
  /** Where all its files are: only their names come from items. */
  readonly folder: string
}

const values = /\{\{[\s\S]*?\}\}/g

/** What `for_each` and `dest` say together; undefined: one file. Throws `bad-config`. */
export function eachOf(name: string, { for_each: list, dest }: Fields): Each | undefined {
  const fault = (what: string) => new PortolanError('bad-config', `${name}: ${what}`)
  const file = fileOf(dest)
  const fixed = file.replaceAll(values, '')
  if (list === undefined) {
    if (fixed === file) return undefined
    throw fault(`dest is ${JSON.stringify(dest)}, but there are no items: write for_each, too`)
  }
  if (fixed === file) {
    const remedy = 'name the item in it, such as "/etc/nginx/conf.d/{{ item.name }}.conf"'
    throw fault(`dest is ${JSON.stringify(dest)}, the same for all items: ${remedy}`)
  }
  if (/[/]|\{%|\{#/.test(fixed)) {
    const remedy = 'only the name of the file may come from an item, by {{ … }}'
    throw fault(`dest is ${JSON.stringify(dest)}: ${remedy}`)
  }
  const folder = posix.normalize(dest.slice(0, dest.length - file.length)).replace(/(?<=.)\/$/, '')
  return { list: list.startsWith('/') ? `gets(${JSON.stringify(list)})` : list, folder }
}

/** The name of the file in `dest`: from the last `/` before the first value on. */
export function fileOf(dest: string): string {
  const first = dest.search(/\{\{/)
  return dest.slice(dest.lastIndexOf('/', first < 0 ? undefined : first) + 1)
}

/**
 * The path in `folder` for a file of that name; throws `template` for a name that leads elsewhere, or that is hidden
 * although `pattern`, from which it was made, is not.
 */
export function pathIn(folder: string, name: string, pattern: string): string {
  const hidden = name.startsWith('.') && !fileOf(pattern).startsWith('.')
  const isName = !['', '.', '..'].includes(name) && !/[/\p{Cc}]/u.test(name)
  if (isName && !hidden && Buffer.byteLength(name) <= longest) return posix.join(folder, name)
  throw new PortolanError(
    'template',
    `dest gives the file name ${JSON.stringify(name.slice(0, 300))}; ` +
      'it has to be one name without / that does not begin with a dot, such as {{ item.id | replace("/", "-") }}.conf',
  )
}

/** Most file systems have 255; ours for staging need some more. */
const longest = 220
