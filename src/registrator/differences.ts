import { plan } from '../store/plan.ts'
import type { Change, Entry } from '../store/store.ts'
import { ownEntries, ownKeys } from './found.ts'
import type { Mirrors } from './read-back.ts'
import type { WantedEntry } from './wanted.ts'

type Wanted = ReadonlyMap<string, WantedEntry>

export type Differences = {
  /** The edits that `keys` need so that the store has what is wanted, under `lease`. */
  edits(wanted: Wanted, keys: 'all' | ReadonlySet<string>, lease: string): Change[]
  /** Keys of the plain tree that are wanted, and that somebody else holds. */
  foreign(): string[]
  /** All entries of the store that are this node's. */
  own(lease: string): Map<string, Entry>
}

/** Compares what is wanted with what the mirrors of the store have. */
export function differences({ mirror, plain, prefix }: Mirrors, node: string): Differences {
  const isOwn = ownKeys(prefix, node)
  const noPlain = new Map<string, Entry>()
  let leases: readonly string[] = []
  let foreign = new Set<string>()

  function found(lease: string) {
    const actual = { entries: mirror.entries, plain: plain?.entries ?? noPlain }
    const all = ownEntries(prefix, node, [...leases, lease], actual)
    ;({ leases } = all)
    return all
  }

  function ofAll(wanted: Wanted, lease: string): Change[] {
    const all = found(lease)
    foreign = all.foreign.intersection(new Set(wanted.keys()))
    const free = [...wanted].filter(([key]) => !foreign.has(key))
    return plan(all.own, new Map(free.map(([key, { value }]) => [key, value])), lease)
  }

  function ofKeys(wanted: Wanted, keys: ReadonlySet<string>, lease: string): Change[] {
    const ours = new Set([...leases, lease])
    const actual = new Map<string, Entry>()
    const desired = new Map<string, string>()
    for (const key of keys) {
      const isPlain = !isOwn(key)
      const entry = (isPlain ? plain?.entries : mirror.entries)?.get(key)
      const value = wanted.get(key)?.value
      const isTheirs = entry !== undefined && !ours.has(entry.lease)
      // a lease of this node that was not known yet may have plain entries as well
      if (isTheirs && !isPlain && entry.lease !== '') return ofAll(wanted, lease)
      foreign.delete(key)
      if (isTheirs && isPlain) {
        if (value !== undefined) foreign.add(key)
        continue
      }
      if (entry) actual.set(key, entry)
      if (value !== undefined) desired.set(key, value)
    }
    return plan(actual, desired, lease)
  }

  return {
    edits: (wanted, keys, lease) =>
      keys === 'all' ? ofAll(wanted, lease) : ofKeys(wanted, keys, lease),
    foreign: () => [...foreign].toSorted(),
    own: (lease) => found(lease).own,
  }
}
