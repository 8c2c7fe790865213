import { type Catalog, emptyCatalog } from '../../src/core/catalog.ts'
import { type Instance, instanceSchema, serviceId } from '../../src/core/instance.ts'
import type { Vantage } from '../../src/core/vantage.ts'

export const vantage: Vantage = {
  node: 'h1',
  place: { kind: 'host' },
  containersUnreachable: false,
}

/** `copies` instances each, at `port`, of as many services as there are rules. */
export function catalogFor(rules: readonly string[], copies: number, port = 80): Catalog {
  const lists = rules.map((rule, at) =>
    Array.from({ length: copies }, (_, copy) => instanceOf(at, copy, rule, port)),
  )
  const services = new Map(
    lists.flatMap((list) => list.slice(0, 1).map((one) => [serviceId(one), list] as const)),
  )
  return { ...emptyCatalog, complete: true, services }
}

/** Copy `copy` of service `at`, which takes the requests that `rule` matches. */
function instanceOf(at: number, copy: number, rule: string, port: number): Instance {
  return instanceSchema.parse({
    v: 1,
    service: `s${at}`,
    project: 'bench',
    node: 'h1',
    container: `${at.toString(16).padStart(8, '0')}${copy.toString(16).padStart(4, '0')}`,
    startedAt: '2026-01-01T00:00:00Z',
    createdAt: '2026-01-01T00:00:00Z',
    name: `bench-s${at}-${copy}`,
    image: 'bench',
    ordinal: copy,
    protocol: 'http',
    port,
    addresses: [{ network: 'bench', ip: `10.${at >> 8}.${at & 255}.${copy + 1}` }],
    published: null,
    state: 'ready',
    weight: 1,
    tags: [],
    attributes: {},
    routes: [{ name: `s${at}`, rule }],
    policy: {},
  })
}
