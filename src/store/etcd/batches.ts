import { PortolanError } from '../../core/errors.ts'
import type { Batch, Edit } from '../store.ts'
import { compactedError } from './errors.ts'
import type { KeyValue, WatchAnswer } from './methods.ts'
import { entryOf } from './reads.ts'

/**
 * The batches of a watch's answer: its events, one batch for each revision, all after revision `seen`. Throws when
 * they are not, or when the answer says that the watch has ended.
 */
export function batchesOf(answer: WatchAnswer, seen: number, where: string): Batch[] {
  refuseEnd(answer, where)
  const byRevision = Map.groupBy(answer.events, ({ kv }) => kv.modRevision)
  const batches: Batch[] = []
  let last = seen
  for (const [revision, events] of byRevision) {
    if (revision <= last) throw doubtful(where, `revision ${revision} after ${last}`)
    last = revision
    batches.push({ revision, edits: events.map(({ type, kv }) => editOf(type, kv)) })
  }
  return batches
}

function editOf(type: 'PUT' | 'DELETE', kv: KeyValue): Edit {
  const { key } = kv
  return type === 'PUT' ? { kind: 'put', key, entry: entryOf(kv) } : { kind: 'delete', key }
}

function refuseEnd({ canceled, cancelReason, compactRevision }: WatchAnswer, where: string): void {
  if (!canceled) return
  if (compactRevision > 0) throw compactedError(where)
  throw new Error(cancelReason || 'cancelled without a reason')
}

/** The cure for every doubt about a watch: `store-down`, so list again. */
export function doubtful(where: string, why: string, cause?: unknown): PortolanError {
  const text = `the watch at etcd ${where} may have missed something (${why}); list again`
  return new PortolanError('store-down', text, { cause })
}
