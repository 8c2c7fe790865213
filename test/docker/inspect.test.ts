import { expect, test } from 'vitest'

import { networkIdsIn, readingOf } from '../../src/docker/inspect.ts'
import { network } from '../core/samples.ts'
import { idOf, inspectJson } from './json.ts'

const id = idOf('ab')
const read = (changes: Parameters<typeof inspectJson>[1]) => readingOf(inspectJson(id, changes))
const container = (changes: Parameters<typeof inspectJson>[1]) => read(changes)?.container

test('a container is reduced to the facts that are read', () => {
  expect(container({ Name: '/shop-web-1' })).toEqual({
    id,
    name: 'shop-web-1',
    image: 'busybox:1.37',
    createdAt: '2026-01-02T03:04:05.123456789Z',
    startedAt: '2026-01-02T03:04:06.5Z',
    state: 'running',
    draining: false,
    health: 'none',
    labels: {},
    env: {},
    networkMode: 'bridge',
    networks: [network({ name: 'bridge', ip: '172.17.0.2', gateway: '172.17.0.1', driver: '' })],
    ports: [],
    stopTimeout: 10,
  })
})

for (const [Status, state] of [
  ['running', 'running'],
  ['paused', 'paused'],
  ['restarting', 'restarting'],
  ['created', undefined],
  ['exited', undefined],
  ['removing', undefined],
  ['dead', undefined],
] as const) {
  test(`status ${Status} is ${state ?? 'no running container'}, whatever Running says`, () => {
    const State = { Status, Running: true, StartedAt: '2026-01-02T03:04:06.5Z' }
    expect(container({ State })?.state).toBe(state)
  })
}

for (const [Health, health] of [
  [undefined, 'none'],
  [null, 'none'],
  [{ Status: 'none' }, 'none'],
  [{ Status: 'starting' }, 'starting'],
  [{ Status: 'healthy' }, 'healthy'],
  [{ Status: 'unhealthy' }, 'unhealthy'],
] as const) {
  test(`health ${JSON.stringify(Health)} is ${health}`, () => {
    expect(container({ State: { Health } })?.health).toBe(health)
  })
}

test('ports are exposed and published ones, by number, tcp before udp', () => {
  const ports = container({
    Config: {
      ExposedPorts: { '9000/tcp': {}, '53/udp': {}, '53/tcp': {}, '7/sctp': {}, '0/tcp': {} },
    },
    NetworkSettings: {
      Ports: {
        '53/udp': null,
        '80/tcp': [
          { HostIp: '0.0.0.0', HostPort: '32768' },
          { HostIp: '::', HostPort: '32768' },
        ],
        '81/tcp': [{ HostIp: '', HostPort: '0' }],
      },
    },
  })?.ports
  expect(ports).toEqual([
    { port: 53, protocol: 'tcp', published: null },
    { port: 53, protocol: 'udp', published: null },
    { port: 80, protocol: 'tcp', published: { ip: '0.0.0.0', port: 32_768 } },
    { port: 81, protocol: 'tcp', published: null },
    { port: 9000, protocol: 'tcp', published: null },
  ])
})

test('networks come by name, and only with an address that they have now', () => {
  const Networks = {
    zeta: { IPAddress: '10.1.0.2', GlobalIPv6Address: 'fd00::2', Gateway: '10.1.0.1' },
    gone: { IPAddress: '', Gateway: '' },
    alpha: { IPAddress: '', GlobalIPv6Address: 'fd01::2', Gateway: '' },
    odd: null,
  }
  expect(container({ NetworkSettings: { Networks } })?.networks).toEqual([
    network({ name: 'alpha', ip6: 'fd01::2', driver: '' }),
    network({ name: 'zeta', ip: '10.1.0.2', ip6: 'fd00::2', gateway: '10.1.0.1', driver: '' }),
  ])
})

test('what is known of a network itself is found by its id', () => {
  const Networks = { all: { NetworkID: 'ov1', IPAddress: '10.0.2.2' } }
  const json = inspectJson(id, { NetworkSettings: { Networks } })
  expect(networkIdsIn(json)).toEqual(['ov1'])
  const facts = new Map([['ov1', { driver: 'overlay', internal: true }]])
  expect(readingOf(json, facts)?.container.networks).toEqual([
    network({ name: 'all', id: 'ov1', ip: '10.0.2.2', driver: 'overlay', internal: true }),
  ])
})

test('top-level addresses of older engines are not read', () => {
  const settings = { IPAddress: '172.17.0.9', Gateway: '172.17.0.1', Networks: null, Ports: null }
  expect(container({ NetworkSettings: settings })?.networks).toEqual([])
})

test('of the environment only variables of label dialects are kept', () => {
  const Env = ['PATH=/bin', 'DB_PASSWORD=x', 'VIRTUAL_HOST=a=b', 'SERVICE_NAME=', 'CERT_NAME']
  expect(container({ Config: { Env: [...Env, 'MY_SERVICE_X=1', 'VIRTUAL_PORT=8'] } })?.env).toEqual(
    {
      VIRTUAL_HOST: 'a=b',
      SERVICE_NAME: '',
      CERT_NAME: '',
      VIRTUAL_PORT: '8',
    },
  )
})

for (const [name, kept] of [
  ['SERVICE_NAME', true],
  ['SERVICE_80_ID', true],
  ['SERVICE_8000-8010_TAGS', true],
  ['SERVICE_53_udp_IGNORE', true],
  ['SERVICE_Check_Http', true],
  ['SERVICE_443_CHECK_HTTPS_METHOD', true],
  ['SERVICE_ACCOUNT', false],
  ['SERVICE_80_PASSWORD', false],
  ['SERVICE_CHECK_TOKEN', false],
  ['SERVICE_NAMES', false],
  ['service_name', false],
  ['VIRTUAL_HOST_MULTIPORTS', true],
  ['VIRTUAL_KEY', false],
  ['HTTPS_METHOD', true],
] as const) {
  test(`variable ${name} is ${kept ? 'kept' : 'left where it is'}`, () => {
    expect(container({ Config: { Env: [`${name}=x`] } })?.env).toEqual(kept ? { [name]: 'x' } : {})
  })
}

test('labels of more than 1 MiB are dropped, and that is told', () => {
  const Labels = { big: 'x'.repeat(2 ** 20) }
  expect(read({ Config: { Labels } })).toMatchObject({
    container: { labels: {} },
    labelsDropped: true,
  })
  expect(read({ Config: { Labels: { small: 'x' } } })?.labelsDropped).toBe(false)
})

for (const [StopSignal, number] of [
  [undefined, 15],
  ['', 15],
  ['SIGINT', 2],
  ['QUIT', 3],
  ['12', 12],
  ['SIGRTMIN+3', 37],
  ['RTMAX-1', 63],
] as const) {
  test(`stop signal ${StopSignal} is ${number}`, () => {
    expect(read({ Config: { StopSignal } })?.stopSignal).toBe(number)
  })
}

test('what no engine says is refused', () => {
  expect(() => readingOf({ ...inspectJson(id), State: 'running' })).toThrow(/State/)
  expect(() => readingOf(inspectJson('abc'))).toThrow(/Id/)
})
