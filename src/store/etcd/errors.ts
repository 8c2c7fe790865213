import { type ServiceError, status } from '@grpc/grpc-js'

import { messageOf, PortolanError } from '../../core/errors.ts'

/** What to do about a failed call. `leave`: try another endpoint. `token`: log in again. */
export type Verdict = 'leave' | 'token' | 'compacted' | 'refused'

/** Status codes by which etcd says no for good; all others cast doubt on the endpoint. */
const answers = new Set<number>([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.PERMISSION_DENIED,
  status.RESOURCE_EXHAUSTED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.UNIMPLEMENTED,
  status.UNAUTHENTICATED,
])

/** Words with which etcd says that a token is missing, expired or from before a change of users. */
const staleToken = /invalid auth token|user name is empty|revision of auth store is old/
const compacted = /required revision has been compacted/
const denied = /permission denied/

export function verdictOf(error: unknown): Verdict {
  const words = wordsOf(error)
  // the words first: the reason of a cancelled watch comes without a status code
  if (staleToken.test(words)) return 'token'
  if (compacted.test(words)) return 'compacted'
  const isAnswer = isServiceError(error) ? answers.has(error.code) : denied.test(words)
  return isAnswer ? 'refused' : 'leave'
}

/** Whether the call got no answer at all: its connection may be dead without saying so. */
export function isHang(error: unknown): boolean {
  return !isServiceError(error) || error.code === status.DEADLINE_EXCEEDED
}

/** What etcd or gRPC said, without gRPC's number. */
export function wordsOf(error: unknown): string {
  return isServiceError(error) ? error.details : messageOf(error)
}

/** `error` in the words of the port; PortolanErrors stay what they are. */
export function storeError(error: unknown, where: string): PortolanError {
  if (error instanceof PortolanError) return error
  const verdict = verdictOf(error)
  const words = wordsOf(error)
  if (verdict === 'compacted') return compactedError(where)
  if (verdict === 'leave') return down(where, words, error)
  return refused(where, words, error)
}

export function compactedError(where: string): PortolanError {
  return new PortolanError('compacted', `etcd ${where} has compacted that history; list again`)
}

function down(where: string, words: string, cause?: unknown): PortolanError {
  const text = `etcd ${where} does not answer (${words}); check that it runs and can be reached from here`
  return new PortolanError('store-down', text, { cause })
}

function refused(where: string, words: string, cause?: unknown): PortolanError {
  const remedy = remedies.find(([pattern]) => pattern.test(words))?.[1] ?? "see etcd's log"
  return new PortolanError('store-refused', `etcd ${where} refused: ${words}; ${remedy}`, { cause })
}

const remedies: readonly (readonly [RegExp, string])[] = [
  [
    /database space exceeded/,
    'compact and defragment it, disarm its alarm (etcdctl alarm disarm) and start it with --auto-compaction-retention=1h',
  ],
  [/authentication failed|invalid user/, 'check --etcd-user and --etcd-password-file'],
  [/user name is empty|invalid auth token/, 'set --etcd-user and --etcd-password-file'],
  [/permission denied/, "grant the user's role readwrite on Portolan's prefixes"],
  [/request is too large/, 'shorten the labels, or raise --max-request-bytes of etcd'],
  [/lease not found/, 'the lease has ended: take a new one and write again'],
]

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error
}
