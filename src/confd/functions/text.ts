import { posix } from 'node:path'

/** Go's `path.Base`: the last part of a path; `.` for the empty one, `/` for the root. */
export function baseOf(path: string): string {
  if (path === '') return '.'
  return posix.basename(path) || '/'
}

/** On text, with what they work on as the first argument, as in confd. */
export const textFunctions = {
  base: baseOf,
  dir: (path: string) => posix.dirname(posix.normalize(path)),
  split: (text: string, separator: string) => text.split(separator),
  splitN: (text: string, separator: string, count: number) => {
    const parts = text.split(separator)
    if (count < 0 || parts.length <= count) return parts
    return count === 0 ? [] : [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)]
  },
  join: (list: readonly unknown[], separator = '') => list.map(String).join(separator),
  replace,
  toUpper: (text: string) => text.toUpperCase(),
  toLower: (text: string) => text.toLowerCase(),
  contains,
  hasPrefix: (text: string, prefix: string) => text.startsWith(prefix),
  hasSuffix: (text: string, suffix: string) => text.endsWith(suffix),
  trimSuffix: (text: string, suffix: string) =>
    suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text,
  trimPrefix: (text: string, prefix: string) =>
    text.startsWith(prefix) ? text.slice(prefix.length) : text,
  trimSpace: (text: string) => text.trim(),
  nospace: (text: string) => text.replaceAll(/\s/g, ''),
  snakecase: (text: string) => wordsOf(text).join('_').toLowerCase(),
  kebabcase: (text: string) => wordsOf(text).join('-').toLowerCase(),
  camelcase: (text: string) =>
    wordsOf(text)
      .map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())
      .join(''),
}

/** The first `count` of `before` become `after`; all of them if `count` is negative. */
function replace(text: string, before: string, after: string, count = -1): string {
  if (count < 0) return text.split(before).join(after)
  const parts = text.split(before)
  const done = parts.slice(0, count + 1).join(after)
  return [done, ...parts.slice(count + 1)].join(before)
}

/** confd asks a text for a part, docker-gen an object for a key. */
function contains(whole: unknown, part: string): boolean {
  if (typeof whole === 'string') return whole.includes(part)
  if (Array.isArray(whole)) return whole.includes(part)
  return typeof whole === 'object' && whole !== null && Object.hasOwn(whole, part)
}

function wordsOf(text: string): string[] {
  return text.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+/g) ?? []
}
