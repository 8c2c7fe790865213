import { type NodeRecord, nodeKey } from '../core/keys.ts'
import type { Live } from '../core/live.ts'
import type { Log } from '../core/log.ts'
import type { Problem } from '../core/problems.ts'
import { reconciler, type Reconciler } from '../core/reconcile.ts'
import type { Mirror } from '../store/mirror.ts'
import { transactions } from '../store/plan.ts'
import type { Session } from '../store/session.ts'
import type { Change, Store } from '../store/store.ts'
import { differences } from './differences.ts'
import { ownKeys } from './found.ts'
import type { Own } from './own.ts'
import { ownerWatch } from './owner-watch.ts'
import { foreignKey, hasLeft, notWritten } from './problems.ts'
import { scope } from './scope.ts'
import { WantedEntries } from './wanted.ts'
import { byContainer, entryWriter } from './write.ts'

export type RegistratorOptions = {
  readonly store: Pick<Store, 'apply'>
  readonly session: Session
  /** Of everything under `prefix`. */
  readonly mirror: Mirror
  /** Of the plain tree; undefined when it is not written. */
  readonly plain: Mirror | undefined
  readonly prefix: string
  readonly record: NodeRecord
  /** What this node ought to have in the store; undefined while Docker has not been read. */
  readonly own: Live<Own | undefined>
  readonly log: Log
  readonly report: (part: string, problems: readonly Problem[]) => void
  /** A pass at least this often, in case something was missed. */
  readonly everyMs?: number
}

export type Registrator = {
  /** Keeps this node's entries in the store equal to `own` until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
  /** Deletes this node's entries and gives its lease back; nothing is written afterwards. */
  leave(signal: AbortSignal): Promise<void>
}

/** Everything is looked at this often, unless it is said otherwise. */
const usualMs = 30_000

/** What the passes of one registrator share. */
function partsOf(options: RegistratorOptions) {
  const { store, mirror, plain, prefix, record, log, report, everyMs = usualMs } = options
  const { node } = record
  const wanted = new WantedEntries(prefix, record)
  const mirrors = { mirror, plain, prefix }
  return {
    wanted,
    scope: scope(everyMs),
    differences: differences(mirrors, node),
    write: entryWriter({ ...mirrors, store, node, groupOf: (key) => wanted.groupOf(key), log }),
    owner: ownerWatch({ prefix, record, mirror, log, report }),
  }
}

type Parts = ReturnType<typeof partsOf>

/**
 * Registers a node. A pass looks at the keys that changed, on our side or in the store; at all of them at first, after
 * a failure or a lost lease, when the node becomes ours again, and every so often.
 */
export function createRegistrator(options: RegistratorOptions): Registrator {
  const { session, mirror, plain, own, log, record } = options
  const parts = partsOf(options)
  let left = false
  const loop = passesOf(options, parts, () => left)

  async function lookOn(changes: AsyncIterable<unknown>, look: () => void) {
    for await (const _ of changes) {
      look()
      loop.poke()
    }
  }

  return {
    async run(signal) {
      const { addAll } = parts.scope
      await Promise.all([
        loop.run(signal),
        lookOn(own.changes(signal), () => {}),
        lookOn(session.lease.changes(signal), addAll),
        // a store that is back is not made to wait for the pause after the last failure
        lookOn(mirror.status.changes(signal), addAll),
        addOwnKeys(mirror.follow(signal), options, parts, () => loop.poke()),
        plain && addOwnKeys(plain.follow(signal), options, parts, () => loop.poke()),
      ])
    },
    // The node's own key goes last, with the lease: instances that vanish together with it are doubted by others.
    async leave(signal) {
      left = true
      if (parts.owner.isOurs()) await deleteAll(options, parts, signal)
      await session.leave(signal)
      options.report('registrator.node', [hasLeft(record.node)])
      log.info({ node: record.node }, 'left: nothing of this node is registered any more')
    },
  }
}

/** Passes one after the other, again after a failure; an outage is said once, not at each try. */
function passesOf(options: RegistratorOptions, parts: Parts, left: () => boolean): Reconciler {
  let failing = false
  const loop = reconciler({
    everyMs: options.everyMs ?? usualMs,
    async pass(signal) {
      if (left()) return
      if (!(await pass(options, parts, signal))) loop.poke()
      failing = false
    },
    onError(error, retryInMs) {
      parts.scope.addAll()
      const level = failing ? 'debug' : 'warn'
      options.log[level]({ err: error, retryInMs }, 'registration failed, trying again')
      failing = true
    },
  })
  return loop
}

/**
 * Makes the store's part of this node equal to what is wanted; does nothing while either is unknown. False: it has to
 * be done again, since the node was not ours any more in between.
 */
async function pass(
  { session, own, mirror, plain, report }: RegistratorOptions,
  parts: Parts,
  signal: AbortSignal,
): Promise<boolean> {
  const lease = session.lease.current
  const haveRead = [mirror, plain].every((one) => one?.status.current.kind !== 'reading')
  if (!lease || !own.current || !haveRead) return true
  if (!parts.owner.isOurs()) {
    parts.scope.addAll()
    return true
  }
  const { wanted } = parts
  parts.scope.add(wanted.take(own.current))
  const edits = parts.differences.edits(wanted.entries, parts.scope.take(), lease.id)
  report('registrator.foreign', parts.differences.foreign().map(foreignKey))
  const { applied, refused } = await parts.write(edits, lease.id, signal)
  const problems = [...refused].map(([{ message }, all]) => notWritten(all, message))
  report('registrator.refused', problems)
  for (const error of refused.keys()) throw error
  if (!applied) parts.scope.addAll()
  return applied
}

/** The first reading counts; after that only our own keys: what other nodes do is none of our business. */
async function addOwnKeys(
  keys: AsyncIterable<ReadonlySet<string>>,
  { prefix, record: { node } }: RegistratorOptions,
  { wanted, scope: looks }: Parts,
  poke: () => void,
): Promise<void> {
  const isUnder = ownKeys(prefix, node)
  const isOwn = (key: string) =>
    isUnder(key) || key.includes(`/${node}:`) || wanted.entries.has(key)
  let first = true
  for await (const changed of keys) {
    const own = [...changed].filter(isOwn)
    if (first) looks.addAll()
    looks.add(own)
    if (first || own.length > 0) poke()
    first = false
  }
}

async function deleteAll(
  { store, session, prefix, record }: RegistratorOptions,
  { wanted, differences: compared }: Parts,
  signal: AbortSignal,
): Promise<void> {
  const found = compared.own(session.lease.current?.id ?? '')
  found.delete(nodeKey(prefix, record.node))
  const deletes = [...found.keys()].map((key): Change => ({ kind: 'delete', key }))
  for (const edits of transactions(byContainer(deletes, (key) => wanted.groupOf(key)))) {
    await store.apply(edits, {}, signal)
  }
}
