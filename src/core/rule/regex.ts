import { RE2JS } from 're2js'

import { PortolanError } from '../errors.ts'

const maxLength = 1024
/** Of RE2's instructions: what one character costs at most. */
const maxProgram = 2000

/** A regular expression that takes time linear in the text, whatever text and expression are. */
export type LinearRegex = {
  /** Whether it is found anywhere in `text`, unless it is anchored. */
  readonly test: (text: string) => boolean
  /** The first place where it is found, and what its groups hold there. */
  readonly find: (text: string) => Found | undefined
  /** Every place replaced, as Go's `ReplaceAllString` does it: `$1`, `${1}`, `$name`, `${name}`, `$$`. */
  readonly replace: (text: string, replacement: string) => string
}

export type Found = {
  readonly index: number
  readonly text: string
}

/** As `linearRegexOf`, for those who only want to know whether it fits. */
export function regexOf(pattern: string): (text: string) => boolean {
  return linearRegexOf(pattern).test
}

/**
 * A regular expression in RE2's syntax (Go's): rules come from whoever may label a container. Throws `bad-value` for
 * what RE2 does not know (look-around, back-references), above 1024 characters or 2000 instructions.
 */
export function linearRegexOf(pattern: string): LinearRegex {
  if (pattern.length > maxLength) throw bad(`it has ${pattern.length} characters`, maxLength)
  const regex = compiled(pattern)
  const size = regex.programSize()
  if (size > maxProgram) throw bad(`it takes ${size} instructions`, maxProgram)
  return {
    test: (text) => regex.test(text),
    find(text) {
      const matcher = regex.matcher(text)
      return matcher.find() ? { index: matcher.start(), text: matcher.group() ?? '' } : undefined
    },
    replace: (text, replacement) => replaced(regex, text, replacement),
  }
}

function replaced(regex: RE2JS, text: string, replacement: string): string {
  const matcher = regex.matcher(text)
  const names = regex.namedGroups()
  let result = ''
  let from = 0
  let found = false
  while (matcher.find()) {
    // Go has no empty place right behind another one
    if (found && matcher.end() === from) continue
    found = true
    result += text.slice(from, matcher.start())
    result += expanded(replacement, (name) => {
      const group = /^\d+$/.test(name) ? Number(name) : names[name]
      return group === undefined || group > matcher.groupCount() ? '' : (matcher.group(group) ?? '')
    })
    from = matcher.end()
  }
  return result + text.slice(from)
}

/** Go's `Expand`: a name is as long as it can be, and one that nothing has is empty. */
function expanded(template: string, valueOf: (name: string) => string): string {
  return template.replaceAll(/\$(?:\$|(\w+)|\{(\w+)\})/g, (_, bare?: string, braced?: string) => {
    const name = bare ?? braced
    return name === undefined ? '$' : valueOf(name)
  })
}

/**
 * The end that every host has which `pattern` matches: `x.example` of `^.+\.x\.example$`, the whole name of
 * `^a\.example$`. Empty when that can't be told at a glance.
 */
export function tailOf(pattern: string): string {
  // a flag, a quotation or an alternative can give the end another meaning
  if (/\\Q|\(\?[^:]/.test(pattern) || topLevelAlternative(pattern)) return ''
  const whole = /^\^((?:[a-z0-9_-]|\\[.-])+)\$$/.exec(pattern)?.[1]
  const labels = /(?<!\\)\\\.((?:[a-z0-9_-]|\\[.-])+)\$$/.exec(pattern)?.[1]
  return (whole ?? labels ?? '').replaceAll('\\', '')
}

function topLevelAlternative(pattern: string): boolean {
  const bare = pattern.replaceAll(/\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]/g, '')
  let depth = 0
  for (const sign of bare) {
    if (sign === '(') depth++
    if (sign === ')') depth--
    if (sign === '|' && depth === 0) return true
  }
  return false
}

function compiled(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : ''
    throw new PortolanError(
      'bad-value',
      `${JSON.stringify(pattern)} is no regular expression of RE2 (${why}); do without look-around and back-references`,
    )
  }
}

function bad(what: string, most: number): PortolanError {
  return new PortolanError('bad-value', `${what}; write one with ${most} at most`)
}
