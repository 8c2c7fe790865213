import { type NodeRecord, nodeKey, ownInstancesPrefix } from '../core/keys.ts'
import type { Live } from '../core/live.ts'
import type { Log } from '../core/log.ts'
import type { Problem } from '../core/problems.ts'
import { reconciler } from '../core/reconcile.ts'
import { sleep } from '../core/retry.ts'
import type { Mirror } from '../store/mirror.ts'
import { plan, transactions } from '../store/plan.ts'
import type { Session } from '../store/session.ts'
import type { Change, Store } from '../store/store.ts'
import { byContainer, type Desired, desiredEntries, ownEntries } from './desired.ts'
import type { Own } from './own.ts'
import { ownership } from './ownership.ts'

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
  let before: Desired = new Map()
  let state: 'active' | 'superseded' | 'left' = 'active'

  const loop = reconciler({
    everyMs: options.everyMs ?? 30_000,
    pass,
    onError(error, retryInMs) {
      log.warn({ err: error, retryInMs }, 'registration failed, trying again')
    },
  })

  /** Makes the store's part of this node equal to what is wanted; does nothing while either is unknown. */
  async function pass(signal: AbortSignal): Promise<void> {
    const lease = session.lease.current
    const wanted = own.current
    if (state !== 'active' || !lease || !wanted || !haveRead()) return
    if (!mayWrite()) return
    const desired = desiredEntries(prefix, record, wanted)
    const actual = { entries: mirror.entries, plain: plain?.entries ?? noPlain }
    const { own: found, foreign } = ownEntries(prefix, node, lease.id, actual)
    const taken = [...desired.keys()].filter((key) => foreign.has(key))
    report('registrator.foreign', taken.map(foreignKey))
    const free = new Map([...desired].filter(([key]) => !foreign.has(key)))
    const values = new Map([...free].map(([key, { value }]) => [key, value]))
    const changes = plan(found, values, lease.id)
    for (const edits of transactions(byContainer(changes, desired, before))) {
      await write(edits, lease.id, signal)
    }
    before = desired
  }

  function haveRead(): boolean {
    return mirrors.every((one) => one.status.current.kind !== 'reading')
  }

  function mayWrite(): boolean {
    const owner = ownership(record, mirror.entries.get(nodeKey(prefix, node)))
    if (owner.kind === 'superseded') {
      state = 'superseded'
      log.warn({ node }, 'a newer process of this node writes now; this one has stopped writing')
    }
    report('registrator.node', owner.kind === 'taken' ? [nameTaken(owner.by)] : [])
    return owner.kind === 'ours'
  }

  /** One transaction, only if the node is still ours, and read back before anything else is decided on it. */
  async function write(edits: Change[], lease: string, signal: AbortSignal): Promise<void> {
    const key = nodeKey(prefix, node)
    const guards = [{ key, value: mirror.entries.get(key)?.value }]
    const { applied, revision } = await store.apply(edits, { lease, guards }, signal)
    log.debug({ changes: edits.length, applied, revision }, 'wrote to the store')
    if (!applied) return loop.poke()
    for (let waitedMs = 0; mirror.revision < revision && waitedMs < 2000; waitedMs += 5) {
      await sleep(5, signal)
    }
  }

  function nameTaken({ engine, address }: NodeRecord): Problem {
    return {
      severity: 'error',
      where: `node ${node}`,
      what: `another machine is registered as ${node}`,
      why: `its engine is ${engine}${address === '' ? '' : ` at ${address}`}, ours is ${record.engine}`,
      remedy: 'give one of them another name with --node; this one writes nothing until then',
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
      key.includes(`/${node}:`)
    )
  }

  return {
    async run(signal) {
      await Promise.all([
        loop.run(signal),
        pokeOn(own.changes(signal)),
        pokeOn(session.lease.changes(signal)),
        ...mirrors.map((one) => pokeOnOwnKeys(one.follow(signal))),
      ])
    },
    // The node's own key goes last, with the lease: instances that vanish together with it are doubted by others.
    async leave(signal) {
      state = 'left'
      const lease = session.lease.current
      const actual = { entries: mirror.entries, plain: plain?.entries ?? noPlain }
      const { own: found } = ownEntries(prefix, node, lease?.id ?? '', actual)
      found.delete(nodeKey(prefix, node))
      const deletes = [...found.keys()].map((key): Change => ({ kind: 'delete', key }))
      for (const edits of transactions(byContainer(deletes, new Map(), before))) {
        await store.apply(edits, {}, signal)
      }
      await session.leave(signal)
      log.info({ node }, 'left: nothing of this node is registered any more')
    },
  }
}

function foreignKey(key: string): Problem {
  return {
    severity: 'warning',
    where: `key ${key}`,
    what: 'somebody else writes this key',
    why: 'it does not hang on a lease of this node',
    remedy:
      'stop the other writer (an old registrator?), or set --plain-prefix to a tree of its own',
  }
}
