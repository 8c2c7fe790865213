import { createContent } from './embedded-content.ts'
import { closed, refuseBadChanges } from './refuse.ts'
import type { Entry, Guard, Store } from './store.ts'

export type EmbeddedOptions = {
  /** How many revisions a watch may lag behind before it is told `compacted`. */
  readonly keep?: number
}

/** A store in this process's memory, for a single host. Its content ends with the process. */
export function embeddedStore({ keep = 1000 }: EmbeddedOptions = {}): Store {
  const content = createContent(keep)
  const { history, leases } = content
  const closing = new AbortController()

  const ready = (signal: AbortSignal) => {
    signal.throwIfAborted()
    if (closing.signal.aborted) throw closed('embedded')
  }
  return {
    name: 'embedded',
    async apply(changes, { lease = '', guards = [] }, signal) {
      ready(signal)
      refuseBadChanges(changes)
      const applied = guards.every((guard) => holds(guard, content.entries))
      if (applied) content.change(changes, lease)
      return { applied, revision: history.revision }
    },
    async list(prefix, signal) {
      ready(signal)
      return { revision: history.revision, entries: under(content.entries, prefix) }
    },
    async *watch(prefix, after, signal) {
      if (signal.aborted) return
      ready(signal)
      const until = AbortSignal.any([signal, closing.signal])
      for await (const batch of history.after(after, until)) {
        const edits = batch.edits.filter(({ key }) => key.startsWith(prefix))
        if (edits.length > 0) yield { revision: batch.revision, edits }
      }
      if (!signal.aborted) throw closed('embedded')
    },
    async grant(ttlSeconds, signal) {
      ready(signal)
      return { id: leases.grant(ttlSeconds), ttlSeconds }
    },
    async keepAlive(lease, signal) {
      ready(signal)
      return leases.renew(lease)
    },
    async revoke(lease, signal) {
      ready(signal)
      leases.revoke(lease)
    },
    async [Symbol.asyncDispose]() {
      leases.close()
      closing.abort()
    },
  }
}

function holds({ key, value }: Guard, entries: ReadonlyMap<string, Entry>): boolean {
  return entries.get(key)?.value === value
}

function under(entries: ReadonlyMap<string, Entry>, prefix: string): Map<string, Entry> {
  return new Map([...entries].filter(([key]) => key.startsWith(prefix)))
}
