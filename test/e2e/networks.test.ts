import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'

import { type EtcdServer, startEtcd } from '../store/etcd-server.ts'
import { startContainer } from './docker.ts'
import { type Fleet, type Host, startFleet } from './fleet.ts'
import { ask } from './load.ts'
import { eventually } from './portolan.ts'

/** Two Docker hosts of one swarm, whose cable is the LAN; all targets are on h1, and none is published. */
const stack = new AsyncDisposableStack()
let fleet: Fleet
let etcd: EtcdServer
let h1: Host
let h2: Host
const targets = ['net-overlay', 'net-lan', 'net-internal', 'net-both']

beforeAll(async () => {
  fleet = stack.use(await startFleet(2))
  etcd = stack.use(await startEtcd())
  h1 = fleet.host(1)
  h2 = fleet.host(2)
  await fleet.hosts('load', 'node:26-slim')
  await h1.cli('swarm', 'init', '--advertise-addr', h1.address)
  const token = await h1.cli('swarm', 'join-token', '-q', 'worker')
  await h2.cli('swarm', 'join', '--token', token, `${h1.address}:2377`)
  await h1.cli('network', 'create', '-d', 'overlay', '--attachable', 'all')
  const [a, b, c] = h1.address.split('.')
  const lan = `${a}.${b}.${c}`
  const range = ['--subnet', `${lan}.0/24`, '--ip-range', `${lan}.64/28`, '--gateway', `${lan}.254`]
  await h1.cli('network', 'create', '-d', 'macvlan', '-o', 'parent=eth0', ...range, 'lan')
  await h1.cli('network', 'create', '--internal', 'closed')
  for (const [name, network] of [
    ['net-overlay', 'all'],
    ['net-lan', 'lan'],
    ['net-internal', 'closed'],
    ['net-both', 'lan'],
  ] as const) {
    stack.use(await h1.web(name, { host: `${name}.localhost`, options: ['--network', network] }))
  }
  await h1.cli('network', 'connect', 'bridge', 'net-both')
}, 300_000)
afterAll(async () => stack.disposeAsync())

/** Portolan from source in a container of `host`, on `network`. */
async function inContainer(host: Host, network: string, name: string, ...flags: string[]) {
  const mounts = [`${process.cwd()}:/app:ro`, '/run/docker.sock:/var/run/docker.sock']
  const listen = ['--http', ':18080', '--admin', ':18070', '--hold', '200ms']
  return startContainer(name, {
    cli: host.cli,
    image: 'node:26-slim',
    options: [
      ...mounts.flatMap((one) => ['-v', one]),
      '--network',
      network,
      '-p',
      '18080:18080',
      '-p',
      '18070:18070',
    ],
    command: ['node', '/app/src/cli.ts', 'run', ...listen, ...flags],
  })
}

/** Which of the targets answer through the proxy at `url`. */
async function reached(url: string): Promise<string[]> {
  const answers = await Promise.all(targets.map((name) => ask(url, `${name}.localhost`)))
  return targets.filter((name, at) => answers[at]?.body.trim() === name)
}

async function reaches(url: string, wanted: readonly string[]): Promise<void> {
  let last: readonly string[] = []
  const look = async () => (last = await reached(url)).join() === wanted.join()
  await eventually(look, 40_000, () => `reached: ${last.join()}`)
}

const addressSchema = z.object({ at: z.string().nullable(), why: z.string(), remedy: z.string() })
const explained = z.object({ instances: z.array(z.object({ address: addressSchema })) })

async function addressOf(admin: string, container: string) {
  const answer = await fetch(`${admin}/v1/explain?container=${container}`)
  return explained.parse(await answer.json()).instances[0]?.address
}

test('on the host: bridges, internal ones too, but neither overlay nor its own macvlan', async () => {
  const args = ['--store', `etcd://${fleet.gateway}:${etcd.port}`, '--hold', '200ms']
  await using portolan = await h1.portolan({ args })
  await reaches(portolan.proxyUrl, ['net-internal', 'net-both'])
  expect(await addressOf(portolan.adminUrl, 'net-lan')).toMatchObject({
    at: null,
    remedy: expect.stringMatching(/networks: \[default, lan\]\), or run Portolan in a container/),
  })
  const problems = await portolan.view('problems')
  expect(problems.find(({ where }) => where === 'container net-overlay')).toMatchObject({
    why: expect.stringMatching(/a host does not reach.*all \(overlay\)/),
  })
}, 120_000)

test('on another host: a shared overlay network, and the LAN', async () => {
  const store = ['--store', `etcd://${fleet.gateway}:${etcd.port}`]
  await using _writer = await h1.portolan({ args: [...store, '--roles', 'registrator,admin'] })
  const flags = [...store, '--advertise', h2.address]
  await using _portolan = await inContainer(h2, 'all', 'net-portolan-2', ...flags)
  const at = (port: number) => `http://${h2.address}:${port}`
  await eventually(async () => (await fetch(`${at(18_070)}/readyz`)).status === 200, 40_000)
  await reaches(at(18_080), ['net-overlay', 'net-lan', 'net-both'])
  expect(await addressOf(at(18_070), 'net-overlay')).toMatchObject({
    why: 'container address on all (overlay): an overlay network in common',
  })
  expect(await addressOf(at(18_070), 'net-both')).toMatchObject({
    why: "container address on lan (macvlan): an address of its node's LAN",
  })
  expect(await addressOf(at(18_070), 'net-internal')).toMatchObject({
    at: null,
    why: expect.stringMatching(/networks that only those on them reach \(closed \(internal\)\)/),
  })
}, 180_000)

test('in a container on the same macvlan network: what is on it', async () => {
  await using portolan = await inContainer(h1, 'lan', 'net-portolan-1')
  const ip = await h1.cli(
    'inspect',
    portolan.id,
    '-f',
    '{{.NetworkSettings.Networks.lan.IPAddress}}',
  )
  await eventually(async () => (await fetch(`http://${ip}:18070/readyz`)).status === 200, 40_000)
  await reaches(`http://${ip}:18080`, ['net-lan', 'net-both'])
  expect(await addressOf(`http://${ip}:18070`, 'net-overlay')).toMatchObject({
    at: null,
    remedy: expect.stringMatching(/put it on lan, or put Portolan on all .*attachable: true/),
  })
}, 120_000)
