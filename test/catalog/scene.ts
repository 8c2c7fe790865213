import { expect } from 'vitest'

import { CatalogFollower } from '../../src/catalog/follow.ts'
import type { OwnPart } from '../../src/catalog/own-part.ts'
import type { Catalog } from '../../src/core/catalog.ts'
import type { Instance } from '../../src/core/instance.ts'
import { instanceKey, nodeKey } from '../../src/core/keys.ts'
import { live } from '../../src/core/live.ts'
import type { Problem } from '../../src/core/problems.ts'
import { embeddedStore } from '../../src/store/embedded.ts'
import { createMirror } from '../../src/store/mirror.ts'
import type { Change, Entry } from '../../src/store/store.ts'
import { containerId, instance } from '../core/samples.ts'

export const prefix = '/portolan'
export const node = (name: string, lease = 'E') => ({
  kind: 'put' as const,
  key: nodeKey(prefix, name),
  value: JSON.stringify({
    v: 1,
    node: name,
    engine: lease,
    session: 's',
    address: '',
    roles: [],
    version: '0',
  }),
})
export const put = (one: Instance): Change => ({
  kind: 'put',
  key: instanceKey(prefix, one),
  value: JSON.stringify(one),
})

export const part = (...instances: Instance[]): OwnPart => ({
  node: 'h1',
  instances,
  definitions: [],
})

type Setup = {
  saved?: ReadonlyMap<string, Entry>
  probe?: () => Promise<boolean>
  doubtMs?: number
}

/** A catalog on an embedded store, running until the test ends. */
export function setUp({ saved, probe = async () => false, doubtMs = 1000 }: Setup = {}) {
  const stop = new AbortController()
  const store = embeddedStore()
  const mirror = createMirror({ store, prefix: `${prefix}/`, onError: () => {} })
  const own = live<OwnPart | undefined>(undefined)
  const problems: Problem[][] = []
  const report = (_: string, list: readonly Problem[]) => void problems.push([...list])
  const follower = new CatalogFollower({
    prefix,
    own,
    registers: true,
    mirror,
    saved,
    probe,
    doubtMs,
    report,
  })
  const running = Promise.all([mirror.run(stop.signal), follower.run(stop.signal)])
  const names = (catalog: Catalog | undefined) =>
    [...(catalog?.services.values() ?? [])].flat().map(({ name }) => name)
  return {
    own,
    catalog: follower.catalog,
    problems: () => problems.at(-1) ?? [],
    apply: (changes: Change[], lease?: string) =>
      store.apply(changes, lease === undefined ? {} : { lease }, stop.signal),
    lease: () => store.grant(60, stop.signal),
    revoke: (id: string) => store.revoke(id, stop.signal),
    /** Resolves when the catalog has exactly these container names. */
    async has(...wanted: string[]) {
      for await (const current of follower.catalog.changes(AbortSignal.timeout(3000))) {
        if (JSON.stringify(names(current).toSorted()) === JSON.stringify(wanted.toSorted())) return
      }
      expect(names(follower.catalog.current).toSorted()).toEqual(wanted.toSorted())
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
      await store[Symbol.asyncDispose]()
    },
  }
}

export const own = (name: string, fields = {}) =>
  instance({ name, container: containerId(name), ...fields })
export const other = (name: string, fields = {}) => own(name, { node: 'h2', ...fields })
