import { PortolanError } from '../../core/errors.ts'
import type { Header } from './methods.ts'

/** What a linearizable answer tells of the store that gave it. */
export type Seen = {
  readonly header: Header
  /** Value and create revision of the epoch key, empty when there is none; undefined: not asked. */
  readonly epoch?: string | undefined
}

/** Tells whether answers still come from the same store, or from one that was wiped or restored. */
export type Continuity = {
  /** Grows when the store is known to have been replaced. */
  readonly generation: number
  /**
   * Call it before sending a linearizable request, and the result with its answer: that throws `store-down` when
   * the answer is from another store. Compared is what was known *before*, since answers overtake each other.
   */
  expect(): (answer: Seen) => void
  /** Notes a revision that a watch has delivered. */
  saw(revision: number): void
}

/**
 * A replaced store shows by a revision or a raft term that went back, by another cluster id, or, when it has
 * overtaken the old one meanwhile, by another epoch: a key that holds a random value and is written only once.
 */
export function createContinuity(name: string): Continuity {
  let generation = 0
  let revision = 0
  let term = 0
  let clusterId: string | undefined
  let epoch: string | undefined

  const replace = (answer: Seen, why: string) => {
    generation++
    ;({ revision, raftTerm: term, clusterId } = answer.header)
    ;({ epoch } = answer)
    return new PortolanError(
      'store-down',
      `etcd ${name} is not the store it was (${why}): it was wiped or restored, or the endpoints belong to different clusters; list again`,
    )
  }
  return {
    get generation() {
      return generation
    },
    saw(batch) {
      revision = Math.max(revision, batch)
    },
    expect() {
      const before = { generation, revision, term }
      return (answer) => {
        const { header } = answer
        if (before.generation !== generation) throw replacedMeanwhile(name)
        if (header.revision < before.revision) {
          throw replace(answer, `revision ${header.revision} after ${before.revision}`)
        }
        if (header.raftTerm < before.term) {
          throw replace(answer, `raft term ${header.raftTerm} after ${before.term}`)
        }
        if (clusterId !== undefined && clusterId !== header.clusterId) {
          throw replace(answer, `cluster ${header.clusterId} after ${clusterId}`)
        }
        if (epoch && answer.epoch !== undefined && answer.epoch !== epoch) {
          throw replace(answer, `epoch ${answer.epoch || 'none'} after ${epoch}`)
        }
        clusterId = header.clusterId
        revision = Math.max(revision, header.revision)
        term = Math.max(term, header.raftTerm)
        epoch = answer.epoch ?? epoch
      }
    },
  }
}

/** What an answer is worth that was asked for before the store was replaced. */
export function replacedMeanwhile(name: string): PortolanError {
  return new PortolanError(
    'store-down',
    `the store behind etcd ${name} was replaced meanwhile; list again`,
  )
}
