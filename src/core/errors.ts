/** What went wrong, in words a caller can branch on. */
export type ErrorCode =
  | 'bad-config'
  | 'bad-value'
  | 'docker-down'
  | 'store-down'
  | 'store-refused'
  | 'compacted'
  | 'template'
  | 'command'
  | 'listen'
  | 'admin-down'

const transient: Readonly<Record<ErrorCode, boolean>> = {
  'bad-config': false,
  'bad-value': false,
  'docker-down': true,
  'store-down': true,
  'store-refused': true,
  compacted: true,
  template: false,
  command: true,
  listen: false,
  'admin-down': true,
}

/**
 * The one error class of Portolan. `code` is for programs, `message` for people:
 * it says what failed, with which value, and what to do about it. `cause` keeps the origin.
 */
export class PortolanError extends Error {
  override readonly name = 'PortolanError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Whether trying again later can help. Foreign errors count as transient: nothing says otherwise. */
export function isTransient(error: unknown): boolean {
  return error instanceof PortolanError ? transient[error.code] : true
}

/** The message of whatever was thrown, with its causes, on one line. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.message || error.name
  const cause = error.cause === undefined ? '' : messageOf(error.cause)
  return cause === '' || own.includes(cause) ? own : `${own}: ${cause}`
}

/** Node's `code` of an error (`ECONNREFUSED`), or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
