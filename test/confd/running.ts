import { Registry } from 'prom-client'
import { onTestFinished } from 'vitest'

import { createConfd } from '../../src/confd/confd.ts'
import type { Lookups } from '../../src/confd/lookups.ts'
import { type Catalog, emptyCatalog } from '../../src/core/catalog.ts'
import { type Instance, serviceId } from '../../src/core/instance.ts'
import { live } from '../../src/core/live.ts'
import { createLog } from '../../src/core/log.ts'
import { problemBoard } from '../../src/core/problems.ts'
import type { Chosen } from '../../src/core/vantage.ts'
import { embeddedStore } from '../../src/store/embedded.ts'
import type { Store } from '../../src/store/store.ts'
import { opener, tempFolder } from './scene.ts'

const addressOf = ({ addresses, port }: Instance): Chosen => ({
  ok: true,
  ip: addresses[0]?.ip ?? '',
  port,
  why: 'test',
})

/** The catalog of these instances. */
export const catalogOf = (...instances: readonly Instance[]): Catalog => ({
  ...emptyCatalog,
  services: Map.groupBy(instances, serviceId),
})

type Options = {
  readonly store?: Pick<Store, 'list' | 'watch'>
  readonly noop?: boolean
  readonly lookups?: Lookups
}

/** A running confd over a folder, an embedded store and a catalog, with short pauses. */
export async function startConfd({ store: given, noop = false, lookups }: Options = {}) {
  const folder = await tempFolder()
  await folder.write('templates/.keep', '')
  await folder.write('conf.d/.keep', '')
  await folder.write('out/.keep', '')
  const store = embeddedStore()
  const { open, running } = opener(given ?? store)
  const catalog = live<Catalog | undefined>(undefined)
  const board = problemBoard()
  const registry = new Registry()
  const lines: string[] = []
  const log = createLog({
    level: 'info',
    format: 'json',
    to: { write: (line: string) => void lines.push(line) },
  })
  const parts = { folder: folder.root, open, catalog, addressOf, noop, log }
  const begin = (signal: AbortSignal, metrics: Registry) => {
    const confd = createConfd({
      ...parts,
      registry: metrics,
      ...(lookups ? { lookups } : {}),
      report: (part, problems) => board.report(part, problems),
      rescanMs: 300,
      retry: { firstMs: 50, maxMs: 200 },
    })
    return { confd, done: confd.run(signal) }
  }
  const end = new AbortController()
  const { confd, done } = begin(end.signal, registry)
  const next = new AbortController()
  const ends = [done]
  onTestFinished(async () => {
    end.abort()
    next.abort()
    await Promise.all(ends)
  })
  const resource = (name: string, fields: string) =>
    folder.write(
      `conf.d/${name}.toml`,
      `[template]\nsrc = "${name}.njk"\ndest = "${folder.at(`out/${name}`)}"\nwait = "10ms:100ms"\n` +
        fields.replaceAll('ROOT', folder.root),
    )
  const made = { folder, store, catalog, confd, board, lines, running, registry, end, done }
  return {
    ...made,
    resource,
    /** Another one over the same folder, as after a restart. */
    again: () => void ends.push(begin(next.signal, new Registry()).done),
    template: (name: string, source: string) => folder.write(`templates/${name}.njk`, source),
    out: (name: string) => folder.readIfThere(`out/${name}`),
    view: (name: string) => confd.resources().find((one) => one.name === `${name}.toml`),
  }
}
