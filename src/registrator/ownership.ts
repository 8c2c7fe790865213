import { type NodeRecord, nodeSchema } from '../core/keys.ts'
import type { Entry } from '../store/store.ts'

/** Whether this process may write the entries of its node. */
export type Ownership =
  | { readonly kind: 'ours' }
  /** A newer process of the same engine writes now. */
  | { readonly kind: 'superseded' }
  /** A machine with another engine has our name. */
  | { readonly kind: 'taken'; readonly by: NodeRecord }

/**
 * Who owns the node whose record in the store is `found`. Same engine: the process that started last, so that a
 * restart takes over at once and a record that came back from a backup doesn't stop us. Another engine: whoever
 * was first, for as long as its lease lives.
 */
export function ownership(own: NodeRecord, found: Entry | undefined): Ownership {
  const record = found && readRecord(found.value)
  if (!record || record.session === own.session) return { kind: 'ours' }
  if (record.engine !== own.engine) return { kind: 'taken', by: record }
  const newer = record.startedAt > own.startedAt
  return newer ? { kind: 'superseded' } : { kind: 'ours' }
}

/** What can't be read is nobody's: we put a good record in its place. */
function readRecord(value: string): NodeRecord | undefined {
  try {
    return nodeSchema.safeParse(JSON.parse(value)).data
  } catch {
    return undefined
  }
}
