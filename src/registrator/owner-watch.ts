import { type NodeRecord, nodeKey } from '../core/keys.ts'
import type { Log } from '../core/log.ts'
import type { Problem } from '../core/problems.ts'
import type { Mirror } from '../store/mirror.ts'
import { ownership } from './ownership.ts'
import { nameTaken, newer } from './problems.ts'

export type OwnerOptions = {
  readonly prefix: string
  readonly record: NodeRecord
  readonly mirror: Pick<Mirror, 'entries'>
  readonly log: Log
  readonly report: (part: string, problems: readonly Problem[]) => void
}

/** Whether this process may write the entries of its node, looked up and said at each call. */
export type OwnerWatch = { isOurs(): boolean }

/** A newer process is obeyed for as long as its record is there: by a clock that was set back it may be a dead one's. */
export function ownerWatch({ prefix, record, mirror, log, report }: OwnerOptions): OwnerWatch {
  const { node } = record
  let superseded = false
  return {
    isOurs() {
      const owner = ownership(record, mirror.entries.get(nodeKey(prefix, node)))
      if (owner.kind === 'superseded' && !superseded) {
        log.warn({ node }, 'a newer process of this node writes now; this one has stopped writing')
      }
      superseded = owner.kind === 'superseded'
      if (owner.kind === 'ours') report('registrator.node', [])
      else {
        const problem = owner.kind === 'taken' ? nameTaken(record, owner.by) : newer(node)
        report('registrator.node', [problem])
      }
      return owner.kind === 'ours'
    },
  }
}
