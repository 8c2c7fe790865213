import { createHistory, type History } from './embedded-history.ts'
import { createLeases, type Leases } from './embedded-leases.ts'
import { unknownLease } from './refuse.ts'
import type { Change, Edit, Entry } from './store.ts'

/** What an embedded store holds: entries, the leases they hang on, and how they came to be. */
export type Content = {
  readonly entries: ReadonlyMap<string, Entry>
  readonly history: Pick<History, 'revision' | 'after'>
  readonly leases: Pick<Leases, 'grant' | 'renew' | 'revoke' | 'close'>
  /**
   * Makes the changes that change something, in one batch; puts hang on `lease`, empty for none. Throws
   * `store-refused` when that has ended.
   */
  change(changes: readonly Change[], lease: string): void
}

/** `keep` is that of the history. */
export function createContent(keep: number): Content {
  const entries = new Map<string, Entry>()
  const history = createHistory(keep)
  const leases = createLeases((keys) => {
    change([...keys].map((key) => ({ kind: 'delete', key })))
  })

  const edited = (one: Change, lease: string): Edit | undefined => {
    const { key } = one
    const before = entries.get(key)
    if (one.kind === 'put') {
      const entry = { value: one.value, lease }
      entries.set(key, entry)
      leases.move(key, before?.lease ?? '', lease)
      return { kind: 'put', key, entry }
    }
    if (!before) return undefined
    entries.delete(key)
    leases.move(key, before.lease, '')
    return one
  }
  const change = (changes: readonly Change[], lease = '') => {
    const puts = changes.some(({ kind }) => kind === 'put')
    if (puts && lease !== '' && !leases.has(lease)) throw unknownLease(lease)
    const edits = changes.map((one) => edited(one, lease)).filter((edit) => edit !== undefined)
    if (edits.length > 0) history.add(edits)
  }
  return { entries, history, leases, change }
}
