import { fault, shown } from './fault.ts'
import { isEmpty } from './lists.ts'

/** Those that take what they work on as the last argument, as in confd's fork and in docker-gen. */
export const shapeFunctions = {
  default: (fallback: unknown, value: unknown) => (isEmpty(value) ? fallback : value),
  repeat: (count: number, text: string) => {
    if (!(count * text.length <= 1_000_000))
      throw fault(`repeat() of ${count} makes too long a text`)
    return text.repeat(count)
  },
  indent: (spaces: number, text: string) => text.replaceAll(/^/gm, ' '.repeat(spaces)),
  nindent: (spaces: number, text: string) => `\n${text.replaceAll(/^/gm, ' '.repeat(spaces))}`,
  comment: (sign: string, text: string) => text.replaceAll(/^/gm, sign),
  regexMatch: (pattern: string, text: string) => patternOf(pattern, '').test(text),
  regexFind: (pattern: string, text: string) => patternOf(pattern, '').exec(text)?.[0] ?? '',
  mustBeOneOf: (list: readonly unknown[], value: unknown) => {
    if (list.includes(value)) return value
    throw fault(`${shown(value)} is none of ${shown(list)}`)
  },
  mustBeInt: (value: unknown) => {
    if (/^-?\d+$/.test(String(value))) return value
    throw fault(`${shown(value)} is not a whole number`)
  },
  mustBeIntInRange: (min: number, max: number, value: unknown) => {
    if (/^-?\d+$/.test(String(value)) && Number(value) >= min && Number(value) <= max) return value
    throw fault(`${shown(value)} is not a whole number from ${min} to ${max}`)
  },
}

/** Templates apply one to each of thousands. */
const patterns = new Map<string, RegExp>()
const mostPatterns = 200

/** Go writes `(?i)` at the beginning where JavaScript has flags. */
export function patternOf(pattern: string, flags: string): RegExp {
  const known = patterns.get(`${flags} ${pattern}`)
  if (known) return known
  const made = patternFrom(pattern, flags)
  if (patterns.size >= mostPatterns) patterns.clear()
  patterns.set(`${flags} ${pattern}`, made)
  return made
}

function patternFrom(pattern: string, flags: string): RegExp {
  const [, own = '', body = pattern] = /^\(\?([ims]+)\)([\s\S]*)$/.exec(pattern) ?? []
  try {
    return new RegExp(body, `u${flags}${own}`)
  } catch (cause) {
    throw fault(`${shown(pattern)} is not a regular expression`, cause)
  }
}
