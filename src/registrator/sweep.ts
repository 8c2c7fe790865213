import { type NodeRecord, nodeKey, wishesPrefix } from '../core/keys.ts'
import { reconciler } from '../core/reconcile.ts'
import type { OnError } from '../core/retry.ts'
import type { Mirror } from '../store/mirror.ts'
import type { Change, Store } from '../store/store.ts'

export type SweepOptions = {
  readonly store: Pick<Store, 'apply'>
  readonly mirror: Pick<Mirror, 'entries'>
  readonly prefix: string
  readonly record: NodeRecord
  /** Whether the container is running: then nobody has to be asked. */
  readonly runs: (container: string) => boolean
  /** Whether there is such a container, running or not. */
  readonly exists: (container: string, signal: AbortSignal) => Promise<boolean>
  readonly onError: OnError
  readonly everyMs?: number
}

/**
 * Removes wishes about containers of this node that don't exist any more; a stopped one may come back and keeps
 * its wish. Runs until `signal` aborts.
 */
export async function sweepWishes(options: SweepOptions, signal: AbortSignal): Promise<void> {
  const { store, mirror, prefix, record, runs, exists, onError, everyMs = 10_000 } = options
  const own = nodeKey(prefix, record.node)
  const value = JSON.stringify(record)

  async function pass(until: AbortSignal): Promise<void> {
    if (mirror.entries.get(own)?.value !== value) return
    for (const [container, keys] of wishesOfNode(mirror, prefix, record.node)) {
      if (runs(container) || (await exists(container, until))) continue
      const deletes = keys.map((key): Change => ({ kind: 'delete', key }))
      // another machine may have taken our name meanwhile, and the wishes are its own then
      await store.apply(deletes, { guards: [{ key: own, value }] }, until)
    }
  }

  await reconciler({ pass, everyMs, onError }).run(signal)
}

/** Keys of wishes by container, at most as many for each as one transaction takes. */
function wishesOfNode({ entries }: Pick<Mirror, 'entries'>, prefix: string, node: string) {
  const found = new Map<string, string[]>()
  for (const key of entries.keys()) {
    if (!key.startsWith(wishesPrefix(prefix))) continue
    const [, of, container = '', ...port] = key.slice(wishesPrefix(prefix).length).split('/')
    if (of !== node || !/^[0-9a-f]{12}$/.test(container) || port.length !== 1) continue
    const keys = found.getOrInsertComputed(container, () => [])
    if (keys.length < 100) keys.push(key)
  }
  return found
}
