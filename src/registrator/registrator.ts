import { PortolanError } from '../core/errors.ts'
import { type NodeRecord, nodeKey, ownDefinitionsPrefix, ownInstancesPrefix } from '../core/keys.ts'
import type { Live } from '../core/live.ts'
import type { Log } from '../core/log.ts'
import type { Problem } from '../core/problems.ts'
import { reconciler } from '../core/reconcile.ts'
import type { Mirror } from '../store/mirror.ts'
import { plan, transactions } from '../store/plan.ts'
import type { Session } from '../store/session.ts'
import type { Change, Store } from '../store/store.ts'
import { byContainer, type Desired, desiredEntries, instanceTexts, ownEntries } from './desired.ts'
import type { Own } from './own.ts'
import { ownership } from './ownership.ts'
import { foreignKey, hasLeft, nameTaken, newer, notWritten } from './problems.ts'
import { readBack } from './read-back.ts'

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

export function createRegistrator(options: RegistratorOptions): Registrator {
  const { store, session, mirror, plain, prefix, record, own, log, report } = options
  const { node } = record
  const noPlain = new Map<string, never>()
  const mirrors = plain ? [mirror, plain] : [mirror]
  const textOf = instanceTexts()
  let before: Desired = new Map()
  let leases: readonly string[] = []
  let superseded = false
  let left = false
  let failing = false

  const loop = reconciler({
    everyMs: options.everyMs ?? 30_000,
    async pass(signal) {
      await pass(signal)
      failing = false
    },
    onError(error, retryInMs) {
      // an outage is said once, not at each try
      const level = failing ? 'debug' : 'warn'
      log[level]({ err: error, retryInMs }, 'registration failed, trying again')
      failing = true
    },
  })

  /** Makes the store's part of this node equal to what is wanted; does nothing while either is unknown. */
  async function pass(signal: AbortSignal): Promise<void> {
    const lease = session.lease.current
    const wanted = own.current
    if (left || !lease || !wanted || !haveRead()) return
    if (!mayWrite()) return
    const desired = desiredEntries(prefix, record, wanted, textOf)
    const { own: found, foreign } = foundEntries()
    const taken = [...desired.keys()].filter((key) => foreign.has(key))
    report('registrator.foreign', taken.map(foreignKey))
    const free = new Map([...desired].filter(([key]) => !foreign.has(key)))
    const values = new Map([...free].map(([key, { value }]) => [key, value]))
    const changes = plan(found, values, lease.id)
    const pieces = transactions(byContainer(changes, desired, before))
    await writeAll(pieces, desired, lease.id, signal)
    before = desired
  }

  /** What of the store is this node's. */
  function foundEntries() {
    const known = [...leases, session.lease.current?.id ?? '']
    const actual = { entries: mirror.entries, plain: plain?.entries ?? noPlain }
    const found = ownEntries(prefix, node, known, actual)
    ;({ leases } = found)
    return found
  }

  function haveRead(): boolean {
    return mirrors.every((one) => one.status.current.kind !== 'reading')
  }

  /** A newer process is obeyed for as long as its record is there: by a clock that was set back it may be a dead one's. */
  function mayWrite(): boolean {
    const owner = ownership(record, mirror.entries.get(nodeKey(prefix, node)))
    if (owner.kind === 'superseded' && !superseded) {
      log.warn({ node }, 'a newer process of this node writes now; this one has stopped writing')
    }
    superseded = owner.kind === 'superseded'
    if (owner.kind === 'ours') report('registrator.node', [])
    else
      report('registrator.node', [
        owner.kind === 'taken' ? nameTaken(record, owner.by) : newer(node),
      ])
    return owner.kind === 'ours'
  }

  /** What the store refuses, such as a value that is too large, keeps nothing else from being written. */
  async function writeAll(
    pieces: readonly Change[][],
    desired: Desired,
    lease: string,
    signal: AbortSignal,
  ) {
    const refused = new Map<PortolanError, Change[]>()
    for (const edits of pieces) {
      const error = await refusalOf(edits, lease, signal)
      if (!error) continue
      const alone = [...byContainer(edits, desired, before)]
      for (const part of alone.length > 1 ? alone : []) {
        const again = await refusalOf([...part], lease, signal)
        if (again) refused.set(again, [...part])
      }
      if (alone.length === 1) refused.set(error, edits)
    }
    const problems = [...refused].map(([{ message }, edits]) => notWritten(edits, message))
    report('registrator.refused', problems)
    for (const error of refused.keys()) throw error
  }

  /** Writes; what the store answers when it refuses is given back, all else is thrown. */
  async function refusalOf(edits: Change[], lease: string, signal: AbortSignal) {
    try {
      await write(edits, lease, signal)
      return undefined
    } catch (error) {
      if (error instanceof PortolanError && error.code === 'store-refused') return error
      throw error
    }
  }

  /** One transaction, only if the node is still ours, and read back before anything else is decided on it. */
  async function write(edits: Change[], lease: string, signal: AbortSignal): Promise<void> {
    const key = nodeKey(prefix, node)
    const guards = [{ key, value: mirror.entries.get(key)?.value }]
    const { applied, revision } = await store.apply(edits, { lease, guards }, signal)
    log.debug({ changes: edits.length, applied, revision }, 'wrote to the store')
    if (!applied) return loop.poke()
    await readBack({ mirror, plain, prefix }, { edits, lease, revision }, signal)
  }

  async function deleteAll(signal: AbortSignal): Promise<void> {
    const { own: found } = foundEntries()
    found.delete(nodeKey(prefix, node))
    const deletes = [...found.keys()].map((key): Change => ({ kind: 'delete', key }))
    for (const edits of transactions(byContainer(deletes, new Map(), before))) {
      await store.apply(edits, {}, signal)
    }
  }

  async function pokeOn(changes: AsyncIterable<unknown>) {
    for await (const _ of changes) loop.poke()
  }

  /** The first reading counts; after that only our own keys: what other nodes do is none of our business. */
  async function pokeOnOwnKeys(keys: AsyncIterable<ReadonlySet<string>>) {
    let first = true
    for await (const changed of keys) {
      if (first || [...changed].some(isOwnKey)) loop.poke()
      first = false
    }
  }

  function isOwnKey(key: string): boolean {
    return (
      key === nodeKey(prefix, node) ||
      key.startsWith(ownInstancesPrefix(prefix, node)) ||
      key.startsWith(ownDefinitionsPrefix(prefix, node)) ||
      key.includes(`/${node}:`) ||
      before.has(key)
    )
  }

  return {
    async run(signal) {
      await Promise.all([
        loop.run(signal),
        pokeOn(own.changes(signal)),
        pokeOn(session.lease.changes(signal)),
        // a store that is back is not made to wait for the pause after the last failure
        pokeOn(mirror.status.changes(signal)),
        ...mirrors.map((one) => pokeOnOwnKeys(one.follow(signal))),
      ])
    },
    // The node's own key goes last, with the lease: instances that vanish together with it are doubted by others.
    async leave(signal) {
      left = true
      if (mayWrite()) await deleteAll(signal)
      await session.leave(signal)
      report('registrator.node', [hasLeft(node)])
      log.info({ node }, 'left: nothing of this node is registered any more')
    },
  }
}
