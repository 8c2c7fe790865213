import { RE2JS } from 're2js'

import { PortolanError } from '../errors.ts'

const maxLength = 1024
/** Of RE2's instructions: what one character costs at most. */
const maxProgram = 2000

/**
 * A regular expression in RE2's syntax (Go's), matched anywhere in a text unless it is anchored, in time linear in the
 * text: rules come from whoever may label a container. Throws `bad-value` for what RE2 does not know (look-around,
 * back-references), above 1024 characters or 2000 instructions.
 */
export function regexOf(pattern: string): (text: string) => boolean {
  if (pattern.length > maxLength) throw bad(`it has ${pattern.length} characters`, maxLength)
  const regex = compiled(pattern)
  const size = regex.programSize()
  if (size > maxProgram) throw bad(`it takes ${size} instructions`, maxProgram)
  return (text) => regex.test(text)
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
