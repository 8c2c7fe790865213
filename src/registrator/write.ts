import { PortolanError } from '../core/errors.ts'
import { nodeKey } from '../core/keys.ts'
import type { Log } from '../core/log.ts'
import { transactions } from '../store/plan.ts'
import type { Change, Store } from '../store/store.ts'
import { type Mirrors, readBack } from './read-back.ts'

export type WriterOptions = Mirrors & {
  readonly store: Pick<Store, 'apply'>
  readonly node: string
  readonly groupOf: (key: string) => string | undefined
  readonly log: Log
}

export type Outcome = {
  /** False: the node was not ours any more when something was to be written. */
  readonly applied: boolean
  /** What the store did not take, by its answer. */
  readonly refused: ReadonlyMap<PortolanError, readonly Change[]>
}

/** Edits of one container together. */
export function byContainer(
  changes: readonly Change[],
  groupOf: WriterOptions['groupOf'],
): Iterable<readonly Change[]> {
  return Map.groupBy(changes, ({ key }) => groupOf(key) ?? key).values()
}

/**
 * A function that makes edits under a lease, in as few transactions as they fit in. What the store refuses, such as a
 * value that is too large, keeps nothing else from being written; rejects with all other errors.
 */
export function entryWriter(options: WriterOptions) {
  const { store, node, mirror, plain, prefix, groupOf, log } = options

  /** One transaction, only if the node is still ours, and read back before anything else is decided on it. */
  async function write(edits: readonly Change[], lease: string, signal: AbortSignal) {
    const key = nodeKey(prefix, node)
    const guards = [{ key, value: mirror.entries.get(key)?.value }]
    const { applied, revision } = await store.apply(edits, { lease, guards }, signal)
    log.debug({ changes: edits.length, applied, revision }, 'wrote to the store')
    if (applied) await readBack({ mirror, plain, prefix }, { edits, lease, revision }, signal)
    return applied
  }

  return async (
    changes: readonly Change[],
    lease: string,
    signal: AbortSignal,
  ): Promise<Outcome> => {
    const refused = new Map<PortolanError, readonly Change[]>()
    let applied = true
    const attempt = async (edits: readonly Change[], refuse: (error: PortolanError) => void) => {
      try {
        applied = (await write(edits, lease, signal)) && applied
      } catch (error) {
        if (!(error instanceof PortolanError) || error.code !== 'store-refused') throw error
        refuse(error)
      }
    }
    for (const edits of transactions(byContainer(changes, groupOf))) {
      let whole: PortolanError | undefined
      await attempt(edits, (error) => (whole = error))
      if (!whole) continue
      const alone = [...byContainer(edits, groupOf)]
      if (alone.length === 1) refused.set(whole, edits)
      else for (const part of alone) await attempt(part, (error) => refused.set(error, part))
    }
    return { applied, refused }
  }
}
