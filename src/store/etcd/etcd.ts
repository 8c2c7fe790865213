import type { Log } from '../../core/log.ts'
import { refuseBadChanges } from '../refuse.ts'
import type { Store } from '../store.ts'
import { call } from './call.ts'
import { createCluster } from './cluster.ts'
import { createContinuity } from './continuity.ts'
import type { Tls } from './endpoint.ts'
import { createEpoch } from './epoch.ts'
import { createLeases } from './leases.ts'
import { txn } from './methods.ts'
import { list } from './reads.ts'
import { txnOf } from './requests.ts'
import { unary } from './unary.ts'
import { watch } from './watch.ts'

export type EtcdOptions = {
  /** `host:port` of the members; the first one that answers is used. */
  readonly endpoints: readonly string[]
  readonly tls?: Tls | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly log?: Log | undefined
  /**
   * A key of ours that is written once, with a random value: when it changes, the store was replaced. Everybody may
   * use the same one, or another. Empty: none, then a restored store that has caught up may go unnoticed.
   */
  readonly epochKey?: string | undefined
}

/** A store in etcd 3.4 or later. It connects when it is first used. Keys and values are UTF-8. */
export function etcdStore(options: EtcdOptions): Store {
  const { endpoints, tls, user, password = '', log, epochKey = '/portolan/epoch' } = options
  const known = user === undefined ? undefined : { name: user, password }
  const cluster = createCluster({ endpoints, tls, user: known })
  const continuity = createContinuity(cluster.name)
  const epoch = createEpoch(cluster, epochKey, log)
  const reader = { cluster, continuity, epoch }
  const generations = createGenerations()

  return {
    name: cluster.name,
    async list(prefix, signal) {
      const snapshot = await list(reader, prefix, signal)
      generations.note(snapshot.revision, continuity.generation)
      return snapshot
    },
    watch(prefix, after, signal) {
      const generation = generations.of(after) ?? continuity.generation
      return watch(reader, { prefix, after, generation }, signal)
    },
    async apply(changes, { lease = '0', guards = [] }, signal) {
      refuseBadChanges(changes)
      const request = txnOf(changes, lease, guards)
      const check = continuity.expect()
      const repeatable = guards.length === 0
      const attempt = call(cluster, (where) => unary(txn, request, where), { repeatable }, signal)
      const { header, succeeded } = await attempt
      check({ header })
      return { applied: succeeded, revision: header.revision }
    },
    ...createLeases(cluster),
    async [Symbol.asyncDispose]() {
      cluster.close()
    },
  }
}

/** Of which generation the revisions of the last lists were. */
function createGenerations() {
  const known = new Map<number, number>()
  return {
    note(revision: number, generation: number) {
      const before = known.get(revision)
      // two stores had this revision: nobody can say any more which one a watch goes on from
      known.set(revision, before === undefined || before === generation ? generation : -1)
      const [oldest] = known.keys()
      if (known.size > 100 && oldest !== undefined) known.delete(oldest)
    },
    of: (revision: number) => known.get(revision),
  }
}
