import { randomUUID } from 'node:crypto'

import { messageOf, PortolanError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { call } from './call.ts'
import type { Cluster } from './cluster.ts'
import { type TxnAnswer, txn } from './methods.ts'
import { createOf, readOf } from './requests.ts'
import { unary } from './unary.ts'

/** The key by which a store is known from its replacement; without the right to it, one does without. */
export type Epoch = {
  /** Sees to it that there is one; cheap once it is. Rejects with `store-down` only. */
  ensure(signal: AbortSignal): Promise<void>
  /** What to read along with each transaction. */
  ranges(): readonly object[]
  /** What such a read gave; empty for a missing key, undefined when it was not read. */
  of(answer: TxnAnswer['responses'][number]['responseRange']): string | undefined
}

/** An empty `key` means no epoch. `log` hears once when etcd does not let us read or write it. */
export function createEpoch(cluster: Cluster, key: string, log: Log | undefined): Epoch {
  let state: 'unknown' | 'there' | 'forbidden' = key === '' ? 'forbidden' : 'unknown'
  const ask = (request: object, signal: AbortSignal) =>
    call(cluster, (where) => unary(txn, request, where), {}, signal)

  return {
    async ensure(signal) {
      if (state !== 'unknown') return
      try {
        const { responses } = await ask(readOf({ key }), signal)
        // two who write it at once: the transaction lets only the first
        if (!responses[0]?.responseRange?.kvs.length) await ask(createOf(key, randomUUID()), signal)
        state = 'there'
      } catch (error) {
        if (!(error instanceof PortolanError) || error.code !== 'store-refused') throw error
        state = 'forbidden'
        log?.warn({ key, reason: messageOf(error) }, 'a replaced store may go unnoticed')
      }
    },
    ranges: () => (state === 'there' ? [{ key }] : []),
    of(answer) {
      if (!answer) return undefined
      const [found] = answer.kvs
      // the next list writes a new one
      if (!found) state = 'unknown'
      return found ? `${found.value}@${found.modRevision}` : ''
    },
  }
}
