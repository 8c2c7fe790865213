import { type Instance, instanceSchema } from '../../src/core/instance.ts'
import { instanceKey, nodeKey, type NodeRecord } from '../../src/core/keys.ts'
import type { Entry } from '../../src/store/store.ts'

export const prefix = '/portolan'

export function nodeRecord(node: string): NodeRecord {
  return {
    v: 1,
    node,
    engine: node,
    session: 's',
    address: '10.0.0.1',
    roles: [],
    version: '0',
    startedAt: '2026-01-01T00:00:00Z',
  }
}

const hex = (at: number) => at.toString(16).padStart(12, '0').padEnd(64, '0')
const ipOf = (at: number) => `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`

/** Number `at` of many instances: three replicas for each service, spread over ten nodes. */
export function instanceAt(at: number, weight = 1): Instance {
  const service = `service-${Math.floor(at / 3)}`
  return instanceSchema.parse({
    v: 1,
    service,
    project: 'shop',
    node: `n${at % 10}`,
    container: hex(at),
    startedAt: '2026-01-01T00:00:01Z',
    createdAt: '2026-01-01T00:00:00Z',
    name: `shop-${service}-${at % 3}`,
    image: 'shop/service:1',
    ordinal: at % 3,
    protocol: 'http',
    port: 3000,
    addresses: [{ network: 'shop', ip: ipOf(at) }],
    published: { ip: '0.0.0.0', port: 10_000 + (at % 50_000) },
    state: 'ready',
    weight,
    tags: [],
    attributes: {},
    routes: [{ name: 'web', rule: `Host(\`${service}.localhost\`)` }],
    policy: {},
  })
}

/** What the store has of `count` instances and their nodes. */
export function entriesOf(count: number): Map<string, Entry> {
  const entries = new Map<string, Entry>()
  for (let at = 0; at < 10; at++) {
    entries.set(nodeKey(prefix, `n${at}`), {
      value: JSON.stringify(nodeRecord(`n${at}`)),
      lease: 'L',
    })
  }
  for (let at = 0; at < count; at++) {
    const one = instanceAt(at)
    entries.set(instanceKey(prefix, one), { value: JSON.stringify(one), lease: 'L' })
  }
  return entries
}

/** What an engine answers for container number `at`, with as much around it as real ones have. */
export function inspectJsonAt(at: number, weight = '1') {
  const service = `service-${Math.floor(at / 3)}`
  return {
    Id: hex(at),
    Name: `/shop-${service}-${at % 3}`,
    Created: '2026-01-01T00:00:00Z',
    State: { Status: 'running', StartedAt: '2026-01-01T00:00:01Z', Health: { Status: 'healthy' } },
    Config: {
      Image: 'registry.example.com/shop/service:1',
      Env: Array.from({ length: 15 }, (_, line) => `VARIABLE_${line}=${'x'.repeat(30)}`),
      Labels: {
        'portolan.host': `${service}.localhost`,
        'portolan.weight': weight,
        'com.docker.compose.project': 'shop',
        'com.docker.compose.service': service,
        'com.docker.compose.container-number': String(at % 3),
        'org.opencontainers.image.source': 'https://example.com/shop',
      },
      ExposedPorts: { '3000/tcp': {} },
    },
    HostConfig: { NetworkMode: 'shop_default' },
    NetworkSettings: {
      Ports: { '3000/tcp': null },
      Networks: { shop_default: { IPAddress: ipOf(at), Gateway: '10.0.0.1' } },
    },
  }
}
