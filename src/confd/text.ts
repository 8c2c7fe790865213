import { posix } from 'node:path'

import { PortolanError } from '../core/errors.ts'

/** Go's `path.Base`: the last part of a path; `.` for the empty one, `/` for the root. */
export function baseOf(path: string): string {
  if (path === '') return '.'
  return posix.basename(path) || '/'
}

/** confd's functions on text, under its names and with Go's order of arguments. */
export const textFunctions = {
  base: baseOf,
  dir: (path: string) => posix.dirname(posix.normalize(path)),
  split: (text: string, separator: string) => text.split(separator),
  join: (list: readonly unknown[], separator: string) => list.map(String).join(separator),
  replace,
  toUpper: (text: string) => text.toUpperCase(),
  toLower: (text: string) => text.toLowerCase(),
  contains: (text: string, part: string) => text.includes(part),
  trimSuffix: (text: string, suffix: string) =>
    suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text,
  json: parseJson,
  jsonArray: parseJson,
}

/** The first `count` of `before` become `after`; all of them if `count` is negative. */
function replace(text: string, before: string, after: string, count: number): string {
  if (count < 0) return text.split(before).join(after)
  const parts = text.split(before)
  const done = parts.slice(0, count + 1).join(after)
  return [done, ...parts.slice(count + 1)].join(before)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
    throw new PortolanError(
      'template',
      `json() got ${JSON.stringify(shown)}, which is not JSON; fix the value in the store`,
      { cause },
    )
  }
}
