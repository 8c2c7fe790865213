import { PortolanError } from '../errors.ts'

/** The error for a rule that can't be read: rule, position from 1, what is wrong, remedy. */
export function badRule(text: string, at: number, what: string, remedy: string): PortolanError {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text
  return new PortolanError(
    'bad-value',
    `rule ${JSON.stringify(shown)}, position ${at + 1}: ${what}; ${remedy}`,
  )
}
