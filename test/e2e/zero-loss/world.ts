import { docker, startContainer, type TestContainer } from '../docker.ts'
import type { Ended, Ledger } from './ledger.ts'

export const image = 'portolan-test-zero-loss'

/** `pool` has several replicas; `single` has one; those of `deaf` do nothing when they are asked to stop. */
export const services = { pool: 'zl-pool', single: 'zl-single', deaf: 'zl-deaf' } as const
type Service = (typeof services)[keyof typeof services]
export type Leaves = 'at-once' | 'politely' | 'never'

/** Seconds until a deaf one is killed. */
export const deafSeconds = 3
/** Far more than what is asked takes to finish. */
const stopSeconds = 20

export type Replica = {
  readonly container: TestContainer
  readonly service: Service
  readonly leaves: Leaves
  /** Its process runs and is not paused. */
  isUp: boolean
}

/** The containers of a trial. */
export type World = AsyncDisposable & {
  of(service: Service): readonly Replica[]
  up(service: Service): readonly Replica[]
  start(service: Service, leaves: Leaves): Promise<Replica>
  /** Notes how it has ended. `fromMs`: when it was asked to. */
  ended(replica: Replica, how: Exclude<Ended['how'], 'paused'>, fromMs: number): Promise<void>
  /** Notes that it was paused until now. */
  unpaused(replica: Replica, fromMs: number): void
  /** Removes one that has ended. */
  remove(replica: Replica): Promise<void>
  /** Takes in what all said. */
  close(): Promise<void>
}

export function world(book: Ledger): World {
  const replicas = new Set<Replica>()
  let last = 0
  const of = (service: Service) => [...replicas].filter((one) => one.service === service)

  const remove = async (replica: Replica) => {
    const { container } = replica
    replicas.delete(replica)
    book.read(container.id.slice(0, 12), await docker('logs', container.id))
    await container[Symbol.asyncDispose]()
  }
  const close = async () => {
    for (const replica of replicas) await remove(replica)
  }

  return {
    of,
    up: (service) => of(service).filter(({ isUp }) => isUp),
    async start(service, leaves) {
      const seconds = leaves === 'never' ? deafSeconds : stopSeconds
      const container = await startContainer(`${service}-${++last}`, {
        image,
        labels: { 'portolan.host': `${service}.localhost`, 'portolan.service': service },
        // a process that has no handler for TERM yet ends by it, unless it is the first one
        options: ['--init', '--env', `LEAVES=${leaves}`, '--stop-timeout', String(seconds)],
      })
      const replica = { container, service, leaves, isUp: true }
      replicas.add(replica)
      return replica
    },
    async ended({ container: { id } }, how, fromMs) {
      const at = Date.parse(await docker('inspect', '-f', '{{.State.FinishedAt}}', id))
      book.ended({ replica: id.slice(0, 12), how, fromMs, atMs: at })
    },
    unpaused({ container: { id } }, fromMs) {
      book.ended({ replica: id.slice(0, 12), how: 'paused', fromMs, atMs: Date.now() })
    },
    remove,
    close,
    [Symbol.asyncDispose]: close,
  }
}
