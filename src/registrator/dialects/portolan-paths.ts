import { PortolanError } from '../../core/errors.ts'

/** A path as it can stand in a rule. */
export function pathOf(text: string): string {
  if (/^\/[^\s?#`"\\]*$/.test(text)) return text
  throw new PortolanError(
    'bad-value',
    'it is not a path; begin it with "/", without spaces, ?, # and \\',
  )
}
