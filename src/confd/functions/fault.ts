import { PortolanError } from '../../core/errors.ts'

/** A fault that a function finds in what it was given; the template's file and line come before it. */
export function fault(what: string, cause?: unknown): PortolanError {
  return new PortolanError('template', what, cause === undefined ? {} : { cause })
}

/** `value` for a message: at most 60 characters of it. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 62 ? `${text.slice(0, 60)}…` : text
}
