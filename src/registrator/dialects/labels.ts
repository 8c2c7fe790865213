import { PortolanError } from '../../core/errors.ts'
import type { Problem } from '../../core/problems.ts'

/** Reads values of labels, one at a time: a bad one is a problem and counts as absent. */
export type LabelReader = {
  /** What is at fault when a value is bad, for people. */
  readonly where: string
  readonly problems: Problem[]
  /** What `parse` makes of `text`; undefined, and a problem, when it throws. */
  read<T>(label: string, text: string, parse: (text: string) => T): T | undefined
  note(label: string, text: string, problem: Omit<Problem, 'where' | 'what'>): void
}

/** `where` names the container, for people; `shown` is what they may see of a value. */
export function labelReader(
  where: string,
  shown: (label: string, text: string) => string = (_, text) => text,
): LabelReader {
  return readerOf(where, 'label', shown)
}

/** The same for environment variables. */
export function variableReader(where: string): LabelReader {
  return readerOf(where, 'variable', (_, text) => text)
}

function readerOf(
  where: string,
  kind: 'label' | 'variable',
  shown: (label: string, text: string) => string,
): LabelReader {
  const problems: Problem[] = []
  const what = (label: string, text: string) =>
    `${kind} ${label}=${JSON.stringify(clipped(shown(label, text)))}`
  return {
    where,
    problems,
    read(label, text, parse) {
      try {
        refuseControlCharacters(text)
        return parse(text)
      } catch (error) {
        if (!(error instanceof PortolanError)) throw error
        const [why = '', remedy = ''] = error.message.split('; ')
        problems.push({ severity: 'error', where, what: what(label, text), why, remedy })
        return undefined
      }
    },
    note(label, text, problem) {
      problems.push({ where, what: what(label, text), ...problem })
    },
  }
}

/** Says of the errors from number `from` on that they close routes, so that nobody has to say it again. */
export function sayClosed({ problems }: LabelReader, from: number): void {
  for (const [at, problem] of problems.entries()) {
    if (at < from || problem.severity !== 'error') continue
    const why = `${problem.why}; routes that are to have it answer 503: they might be open without it`
    problems[at] = { ...problem, why }
  }
}

/** Enough to know it by; some values are a megabyte long. */
function clipped(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

/** Values go into rules, headers and files: a line break would end what it stands in. */
function refuseControlCharacters(text: string): void {
  const bad = Array.from(text).find((character) => character < ' ' || character === '\u007F')
  if (bad === undefined) return
  throw new PortolanError(
    'bad-value',
    `it has the control character ${JSON.stringify(bad)}; write the value without it`,
  )
}

/** Items between commas, trimmed, empty ones left out. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

export function booleanOf(text: string): boolean {
  if (/^(true|1|yes|on)$/i.test(text)) return true
  if (/^(false|0|no|off)$/i.test(text)) return false
  throw new PortolanError('bad-value', `it is neither true nor false; write true or false`)
}

export function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  throw new PortolanError('bad-value', 'it is not a port; write a number from 1 to 65535')
}

export function weightOf(text: string): number {
  const weight = /^\d{1,4}$/.test(text) ? Number(text) : -1
  if (weight >= 0 && weight <= 1000) return weight
  throw new PortolanError('bad-value', 'it is not a weight; write a whole number from 0 to 1000')
}

/** A name that becomes part of keys, metrics and, with `_` as `-`, of host names. */
export function serviceNameOf(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(text)) return text
  throw new PortolanError(
    'bad-value',
    'it is not a service name; use letters, digits and . _ - (128 at most), a letter or digit first',
  )
}

/** One of `choices`, whatever the case. */
export function choiceOf<T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    const found = choices.find((choice) => choice === text.toLowerCase())
    if (found !== undefined) return found
    throw new PortolanError(
      'bad-value',
      `it is not one of the known values; write ${choices.join(', ')}`,
    )
  }
}
