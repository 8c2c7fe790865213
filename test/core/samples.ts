import { type Instance, instanceSchema } from '../../src/core/instance.ts'
import type { Vantage } from '../../src/core/vantage.ts'
import type { ContainerNetwork } from '../../src/docker/docker.ts'

type Some = Partial<{ [K in keyof Instance]: Instance[K] }>

/** A good instance, for tests that care for a few of its fields. */
export function instance(fields: Some = {}): Instance {
  return instanceSchema.parse({
    v: 1,
    service: 'web',
    project: 'shop',
    node: 'h1',
    container: 'a'.repeat(64),
    startedAt: '2026-01-02T03:04:05.000000006Z',
    createdAt: '2026-01-02T03:04:04.000000006Z',
    name: 'shop-web-1',
    image: 'shop/web:3',
    ordinal: 1,
    protocol: 'http',
    port: 3000,
    addresses: [{ network: 'shop_default', ip: '172.18.0.3' }],
    published: null,
    state: 'ready',
    weight: 1,
    tags: [],
    attributes: {},
    routes: [],
    policy: {},
    ...fields,
  })
}

type Place = Extract<Vantage['place'], { kind: 'container' }>

/** A container's place in its host, from where host and LAN are reached. */
export function place(fields: Partial<Place> = {}): Place {
  const reaches = { host: true, lan: true }
  return { kind: 'container', networks: [], gateways: [], overlays: [], reaches, ...fields }
}

/** A bridge network that a container is on. */
export function network(facts: Partial<ContainerNetwork> = {}): ContainerNetwork {
  const none = { name: 'net', ip: '', ip6: '', gateway: '', id: '' }
  return { ...none, driver: 'bridge', internal: false, ...facts }
}

/** 64 hex digits that begin with `start`. */
export function containerId(start: string): string {
  return start.padEnd(64, '0')
}
