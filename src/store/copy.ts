import { createFollowers } from './followers.ts'
import type { Batch, Entry, Snapshot } from './store.ts'

/** A set of entries that is edited in place, and those who want to hear of it. */
export type Copy = {
  readonly entries: ReadonlyMap<string, Entry>
  readonly revision: number
  /** Takes over what differs from `snapshot`. */
  replace(snapshot: Snapshot): void
  edit(batch: Batch): void
  /** As `Mirror.follow`. */
  readonly follow: (signal: AbortSignal) => AsyncIterable<ReadonlySet<string>>
}

export function createCopy(): Copy {
  const entries = new Map<string, Entry>()
  const followers = createFollowers()
  let revision = 0

  const put = (key: string, entry: Entry) => {
    const before = entries.get(key)
    if (before?.value === entry.value && before.lease === entry.lease) return
    entries.set(key, entry)
    followers.changed(key)
  }
  const remove = (key: string) => {
    if (entries.delete(key)) followers.changed(key)
  }

  return {
    entries,
    get revision() {
      return revision
    },
    replace(snapshot) {
      for (const key of entries.keys()) if (!snapshot.entries.has(key)) remove(key)
      for (const [key, entry] of snapshot.entries) put(key, entry)
      ;({ revision } = snapshot)
      followers.wake()
    },
    edit(batch) {
      for (const one of batch.edits) {
        if (one.kind === 'put') put(one.key, one.entry)
        else remove(one.key)
      }
      ;({ revision } = batch)
      followers.wake()
    },
    follow: (signal) => followers.follow(entries.keys(), signal),
  }
}
