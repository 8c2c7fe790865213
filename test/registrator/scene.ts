import { expect } from 'vitest'

import { compare } from '../../src/core/catalog.ts'
import { PortolanError } from '../../src/core/errors.ts'
import { type NodeRecord } from '../../src/core/keys.ts'
import { live } from '../../src/core/live.ts'
import { createLog } from '../../src/core/log.ts'
import type { Problem } from '../../src/core/problems.ts'
import { sleep } from '../../src/core/retry.ts'
import type { Container } from '../../src/docker/docker.ts'
import { type Own, ownInstances } from '../../src/registrator/own.ts'
import { createRegistrator } from '../../src/registrator/registrator.ts'
import { embeddedStore } from '../../src/store/embedded.ts'
import { createMirror } from '../../src/store/mirror.ts'
import { createSession } from '../../src/store/session.ts'
import type { Change, Store } from '../../src/store/store.ts'
import { containerId } from '../core/samples.ts'
import { container, nodeRecord, settings } from './containers.ts'

export const prefix = '/portolan'
const engine = { id: 'E1', name: 'h1', version: '', apiVersion: '', kind: 'native' } as const
/** A store that several registrators may share, and its keys. */
export function world() {
  const stop = new AbortController()
  let refuses: (changes: readonly Change[]) => boolean = () => false
  const embedded = embeddedStore()
  const store: Store = {
    ...embedded,
    async apply(changes, options, signal) {
      if (!refuses(changes)) return embedded.apply(changes, options, signal)
      throw new PortolanError('store-refused', 'request is too large')
    },
  }
  const runs: Promise<unknown>[] = []
  const onError = () => {}
  const lines: string[] = []
  const to = { write: (line: string) => void lines.push(line) }
  const log = createLog({ level: 'warn', format: 'json', to })

  /** A registrator whose first look at the store takes `lateMs`. */
  function node(record: Partial<NodeRecord> = {}, lateMs = 0) {
    const problems = new Map<string, readonly Problem[]>()
    const own = live<Own | undefined>(undefined)
    const session = createSession({ store, ttlSeconds: 2, onError })
    const late: Pick<Store, 'list' | 'watch'> = {
      watch: (...args) => store.watch(...args),
      async list(under, signal) {
        await sleep(lateMs, signal)
        return store.list(under, signal)
      },
    }
    const mirror = createMirror({ store: late, prefix: `${prefix}/`, onError })
    const plain = createMirror({ store: late, prefix: '/services/', onError })
    const registrator = createRegistrator({
      store,
      session,
      mirror,
      plain,
      prefix,
      record: { ...nodeRecord, ...record },
      own,
      log,
      report: (part, list) => void problems.set(part, list),
    })
    runs.push(...[session, mirror, plain, registrator].map(async (each) => each.run(stop.signal)))
    const toOwn = ownInstances({
      ...settings,
      plainPrefix: '/services',
      plainAddress: 'internal',
      advertise: '',
    })
    return {
      registrator,
      session,
      problems: () => [...problems.values()].flat(),
      run: (...list: Container[]) => {
        const byId = new Map(list.map((one) => [one.id, one]))
        own.set(toOwn({ kind: 'known', engine, byId, self: undefined }))
      },
    }
  }

  return {
    node,
    /** From now on the store refuses such transactions. */
    refuse: (such: typeof refuses) => void (refuses = such),
    store,
    lines,
    signal: stop.signal,
    apply: (changes: Change[]) => store.apply(changes, {}, stop.signal),
    keys: async (): Promise<string[]> => {
      const { entries } = await store.list('/', stop.signal)
      return [...entries.keys()].toSorted(compare)
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.all(runs)
      await store[Symbol.asyncDispose]()
    },
  }
}

export const web = container({ id: containerId('abc123def456'), name: 'web' })
export const own = [
  '/portolan/instances/h1/abc123def456/3000',
  '/portolan/nodes/h1',
  '/services/web/h1:web:3000',
]

export const becomes = (read: () => Promise<unknown>, wanted: unknown) =>
  expect.poll(read, { timeout: 5000, interval: 10 }).toEqual(wanted)
