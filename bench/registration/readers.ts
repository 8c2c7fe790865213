import { CatalogFollower } from '../../src/catalog/follow.ts'
import type { Catalog } from '../../src/core/catalog.ts'
import { instanceKey } from '../../src/core/keys.ts'
import { live } from '../../src/core/live.ts'
import { nobody } from '../../src/proxy/table/own.ts'
import { MadeTables } from '../../src/proxy/table/tables.ts'
import { createMirror } from '../../src/store/mirror.ts'
import type { Batch, Entry } from '../../src/store/store.ts'
import { entriesOf, instanceAt, prefix } from './world.ts'

/** CPU microseconds of one change of one instance, at each who reads it. */
export type ReaderCosts = {
  readonly mirror: number
  readonly catalog: number
  readonly table: number
}

/** One instance among `count` changes, `rounds` times. */
export async function measureReaders(count: number, rounds: number): Promise<ReaderCosts> {
  const entries = entriesOf(count)
  const changed = Array.from({ length: rounds }, (_, at) => changeOf((at * 7919) % count, at))
  const { catalogs, catalog } = await catalogCost(entries, changed)
  return {
    mirror: await mirrorCost(entries, changed),
    catalog,
    table: tableCost(catalogs),
  }
}

type Changed = { readonly key: string; readonly entry: Entry }

function changeOf(at: number, round: number): Changed {
  const one = instanceAt(at, 2 + (round % 50))
  return { key: instanceKey(prefix, one), entry: { value: JSON.stringify(one), lease: 'L' } }
}

/** A mirror of a store that gives one batch for each change. */
async function mirrorCost(
  entries: ReadonlyMap<string, Entry>,
  changed: readonly Changed[],
): Promise<number> {
  const stop = new AbortController()
  const begin = Promise.withResolvers<void>()
  const done = Promise.withResolvers<void>()
  const store = {
    list: async () => ({ revision: 1, entries }),
    async *watch(): AsyncIterable<Batch> {
      await begin.promise
      for (const [at, { key, entry }] of changed.entries()) {
        yield { revision: 2 + at, edits: [{ kind: 'put', key, entry }] }
      }
      done.resolve()
      await new Promise((resolve) => stop.signal.addEventListener('abort', resolve))
    },
  }
  const mirror = createMirror({ store, prefix: `${prefix}/`, onError: () => {} })
  const running = mirror.run(stop.signal)
  const used = cpuMicros()
  begin.resolve()
  await done.promise
  const micros = used() / changed.length
  stop.abort()
  await running
  return micros
}

/** A catalog over a mirror that hands it one key at a time. */
async function catalogCost(entries: Map<string, Entry>, changed: readonly Changed[]) {
  const stop = new AbortController()
  const turn = live<ReadonlySet<string>>(new Set(entries.keys()))
  const mirror = { entries, follow: (signal: AbortSignal) => turn.changes(signal) }
  const follower = new CatalogFollower({
    prefix,
    own: live({ node: 'here', instances: [], definitions: [] }),
    registers: true,
    mirror,
    saved: undefined,
    probe: async () => true,
    doubtMs: 1000,
    report: () => {},
  })
  const catalogs: Catalog[] = []
  const running = follower.run(stop.signal)
  await turnOfLoop()
  let micros = 0
  for (const { key, entry } of changed) {
    entries.set(key, entry)
    const used = cpuMicros()
    turn.set(new Set([key]))
    await turnOfLoop()
    micros += used()
    if (follower.catalog.current) catalogs.push(follower.catalog.current)
  }
  stop.abort()
  await running
  return { catalogs, catalog: micros / changed.length }
}

/** The table of each catalog after that of the one before. */
function tableCost(catalogs: readonly Catalog[]): number {
  const [first, ...others] = catalogs
  const catalog = live<Catalog | undefined>(first)
  const made = new MadeTables({
    catalog,
    vantage: live({ node: 'here', place: { kind: 'host' }, containersUnreachable: false } as const),
    own: () => nobody,
    report: () => {},
    changed: () => {},
  })
  if (made.table.routes.length === 0) throw new Error('the catalog gave no routes')
  const used = cpuMicros()
  for (const next of others) {
    catalog.set(next)
    if (!made.table.complete) throw new Error('the table is not whole')
  }
  return used() / others.length
}

function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A clock of this process' CPU time. */
function cpuMicros(): () => number {
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
}
