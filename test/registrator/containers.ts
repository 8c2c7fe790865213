import type { NodeRecord } from '../../src/core/keys.ts'
import type { Container } from '../../src/docker/docker.ts'
import { instancesOf, type InstanceSettings } from '../../src/registrator/instances.ts'
import { containerId, network } from '../core/samples.ts'

/** A good running container, for tests that care for a few of its facts. */
export function container(facts: Partial<Container> = {}): Container {
  return {
    id: containerId('abc123def456'),
    name: 'shop-web-1',
    image: 'shop/web:3',
    createdAt: '2026-01-02T03:04:04Z',
    startedAt: '2026-01-02T03:04:05Z',
    state: 'running',
    draining: false,
    health: 'none',
    labels: {},
    env: {},
    networkMode: 'shop_default',
    networks: [network({ name: 'shop_default', ip: '172.18.0.3', gateway: '172.18.0.1' })],
    ports: [{ port: 3000, protocol: 'tcp', published: null }],
    stopTimeout: 10,
    ...facts,
  }
}

export const compose = {
  'com.docker.compose.project': 'shop',
  'com.docker.compose.service': 'web',
  'com.docker.compose.container-number': '2',
}

/** `labels` with the prefix of ours. */
export function own(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [`portolan.${key}`, value]),
  )
}

/** The record of node h1. */
export const nodeRecord: NodeRecord = {
  v: 1,
  node: 'h1',
  engine: 'E1',
  session: 's1',
  address: '',
  roles: [],
  version: '0',
  startedAt: '2026-01-01T00:00:10Z',
}

export const settings = { node: 'h1', domain: 'localhost', exposeAll: false }

/** The instances of a container, and what is wrong with it. */
export function register(one: Container, given: InstanceSettings = settings) {
  const { instances, problems } = instancesOf(one, given)
  return { instances: instances.map(({ instance }) => instance), problems }
}
