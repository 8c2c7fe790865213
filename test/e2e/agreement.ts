import { z } from 'zod'

import { instanceSchema } from '../../src/core/instance.ts'
import type { Entry, Store } from '../../src/store/store.ts'
import type { DockerCli } from './docker.ts'
import { eventually } from './portolan.ts'

const inspected = z.array(
  z.object({
    Id: z.string(),
    Name: z.string(),
    State: z.object({ Status: z.string(), StartedAt: z.string() }),
    Config: z.object({ ExposedPorts: z.record(z.string(), z.unknown()).nullish() }),
    NetworkSettings: z.object({
      Networks: z.record(z.string(), z.object({ IPAddress: z.string() })),
    }),
  }),
)

/** A node's name and the docker command of its engine. */
export type Node = { readonly node: string; readonly cli: DockerCli }

/** Keys of others that Portolan must never touch, though some are called like its own. */
const foreign = new Map([
  ['/services/foreign/n9:by-hand:80', '10.9.9.9:80'],
  ['/services/web/h1:by-hand:80', '10.9.9.9:81'],
  ['/other/h1:x:80', '10.9.9.9:82'],
])

/** On a lease that somebody else holds, as another registrator would. */
const foreignLeased = ['/services/web/h1:leased:80', '10.9.9.9:83'] as const

export async function plantForeign(store: Store): Promise<void> {
  const put = ([key, value]: readonly [string, string]) => ({ kind: 'put', key, value }) as const
  const signal = AbortSignal.timeout(5000)
  await store.apply([...foreign].map(put), {}, signal)
  const { id } = await store.grant(3600, signal)
  await store.apply([put(foreignLeased)], { lease: id }, signal)
}

/**
 * What the store has that the engines do not say, and the other way round; empty when they agree. Both trees, the
 * leases, the states and the foreign keys.
 */
async function disagreements(store: Store, nodes: readonly Node[]): Promise<string[]> {
  const expected = new Map((await Promise.all(nodes.map(expectedOf))).flatMap((all) => [...all]))
  const { entries } = await store.list('/', AbortSignal.timeout(5000))
  const found = new Map<string, string>()
  for (const [key, entry] of entries) {
    const [name, facts] = factsOf(key, entry, entries)
    if (name !== '') found.set(name, facts)
  }
  for (const [key, value] of [...foreign, foreignLeased]) expected.set(key, value)
  return [...new Set([...expected.keys(), ...found.keys()])]
    .filter((key) => found.get(key) !== expected.get(key))
    .map((key) => `${key}: store ${found.get(key) ?? '-'}, engine ${expected.get(key) ?? '-'}`)
}

/**
 * Ten times what any fault takes, for machines that are busy; yet less than the 30 s after which everything is looked
 * at again, so that what was missed does not pass for seen.
 */
const healMs = 25_000

/** Waits until store and engines agree; fails with what differs. Gives the milliseconds that it took. */
export async function agreement(
  store: Store,
  nodes: readonly Node[],
  limitMs = healMs,
): Promise<number> {
  let last: readonly string[] = []
  return eventually(
    async () => {
      last = await disagreements(store, nodes)
      return last.length === 0
    },
    limitMs,
    () => last.join('\n'),
  )
}

async function expectedOf({ node, cli }: Node): Promise<Map<string, string>> {
  const ids = await cli('ps', '-q', '--no-trunc')
  const expected = new Map([[`/portolan/nodes/${node}`, 'a node']])
  if (ids === '') return expected
  for (const one of inspected.parse(JSON.parse(await cli('inspect', ...ids.split('\n'))))) {
    const { Status, StartedAt } = one.State
    const ready = Status === 'running'
    const addresses = Object.values(one.NetworkSettings.Networks).map(({ IPAddress }) => IPAddress)
    for (const port of Object.keys(one.Config.ExposedPorts ?? {})) {
      const number = port.split('/')[0] ?? ''
      const ips = addresses.filter((ip) => ip !== '').toSorted()
      const facts = [StartedAt, ready ? 'ready' : 'unhealthy', ...ips].join(' ')
      expected.set(`/portolan/instances/${node}/${one.Id.slice(0, 12)}/${number}`, facts)
      if (ready) expected.set(`plain ${node}:${one.Name.slice(1)}:${number}`, 'an address')
    }
  }
  return expected
}

/** What an entry says, under the name that `expectedOf` gives it; no name: none of our business. */
function factsOf(
  key: string,
  { value, lease }: Entry,
  all: ReadonlyMap<string, Entry>,
): [name: string, facts: string] {
  if (foreign.has(key) || key === foreignLeased[0]) return [key, value]
  const [, root, kind, third = ''] = key.split('/')
  const stray = (node: string) =>
    lease === '' || lease !== all.get(`/portolan/nodes/${node}`)?.lease ? 'on a strange lease ' : ''
  if (root === 'services')
    return [`plain ${third}`, `${stray(third.split(':')[0] ?? '')}an address`]
  if (root !== 'portolan') return ['', '']
  if (kind === 'nodes') return [key, `${stray(third)}a node`]
  if (kind !== 'instances') return ['', '']
  const { startedAt, state, addresses } = instanceSchema.parse(JSON.parse(value))
  return [
    key,
    stray(third) + [startedAt, state, ...addresses.map(({ ip }) => ip).toSorted()].join(' '),
  ]
}
