import { sleep } from '../core/retry.ts'
import type { Mirror } from '../store/mirror.ts'
import type { Change } from '../store/store.ts'

export type Mirrors = {
  /** Of everything under `prefix`. */
  readonly mirror: Mirror
  /** Of the plain tree; undefined when it is not written. */
  readonly plain: Mirror | undefined
  readonly prefix: string
}

/** A transaction that was made: its edits, the lease of its puts, and its revision. */
export type Written = {
  readonly edits: readonly Change[]
  readonly lease: string
  readonly revision: number
}

/** A store that does not tell of our own writes has failed otherwise: the next pass sees what there is. */
const limitMs = 2000
const stepMs = 5

/**
 * Waits until every mirror has what was written in it, since whoever decides on what it had before writes the same
 * again. Each mirror has a watch of its own, and hears of no revision that changed nothing of its part.
 */
export async function readBack(
  { mirror, plain, prefix }: Mirrors,
  { edits, lease, revision }: Written,
  signal: AbortSignal,
): Promise<void> {
  const isOurs = ({ key }: Change) => key.startsWith(`${prefix}/`)
  const isSeen = () =>
    shows(mirror, { edits: edits.filter(isOurs), lease, revision }) &&
    (!plain || shows(plain, { edits: edits.filter((one) => !isOurs(one)), lease, revision }))
  const endMs = performance.now() + limitMs
  while (!signal.aborted && !isSeen() && performance.now() < endMs) await sleep(stepMs, signal)
}

function shows({ revision, entries }: Mirror, written: Written): boolean {
  if (revision >= written.revision) return true
  return written.edits.every((one) => {
    const entry = entries.get(one.key)
    if (one.kind === 'delete') return entry === undefined
    return entry?.value === one.value && entry.lease === written.lease
  })
}
