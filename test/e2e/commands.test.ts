import { once } from 'node:events'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { runCli, startCli } from '../cli/run-cli.ts'
import { docker, startContainer, webCommand } from './docker.ts'
import { type Etcd, startEtcd } from './etcd.ts'
import { ask } from './load.ts'
import { eventually, type Running, startPortolan } from './portolan.ts'

const parts = new AsyncDisposableStack()
let etcd: Etcd
let first: Running
/** Another node of the same cluster. */
let second: Running
const admin = (running: Running) => ['--admin', new URL(running.adminUrl).host]

beforeAll(async () => {
  etcd = parts.use(await startEtcd('e2e-cmd-etcd'))
  const start = (node: string) =>
    startPortolan({ args: ['--store', etcd.url, '--node', node, '--lease', '5s'] })
  first = parts.use(await start('cmd1'))
  second = parts.use(await start('cmd2'))
})
afterAll(async () => parts.disposeAsync())

const replica = (name: string, options: readonly string[] = []) =>
  startContainer(name, {
    labels: { 'portolan.host': 'cmd.localhost', 'portolan.service': 'cmd' },
    options: ['--expose', '8000', ...options],
    command: webCommand(name),
  })

/** The state of a container on the node `node`, as `running` sees it. */
async function stateOf(running: Running, name: string, node: string): Promise<unknown> {
  const all = await running.view('instances')
  return all.find((one) => one['name'] === name && one['node'] === node)?.['state']
}

test('drain and undrain: any node may wish, and the own node acts at once', async () => {
  await using _one = await replica('e2e-cmd-1')
  await using two = await replica('e2e-cmd-2')
  await eventually(async () => (await stateOf(second, two.name, 'cmd1')) === 'ready')
  // the container is registered by both nodes: which one is meant has to be said
  const unclear = await runCli(['drain', two.name, ...admin(second)])
  expect(unclear).toMatchObject({
    code: 1,
    err: expect.stringContaining('names several containers'),
  })

  const drained = await runCli(['drain', `cmd1/${two.name}`, ...admin(second)])
  expect(drained).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^drained e2e-cmd-2: cmd1\//),
  })
  await eventually(async () => (await stateOf(second, two.name, 'cmd1')) === 'draining')
  const keys = await etcd.keys('/portolan/wishes/')
  expect([...keys.values()].map(({ value, lease }) => [value, lease])).toEqual([
    ['{"v":1,"value":true}', '0'],
  ])
  const plain = [...(await etcd.keys('/services/cmd/')).keys()]
  expect(plain.filter((key) => key.startsWith('/services/cmd/cmd1:'))).toEqual([
    '/services/cmd/cmd1:e2e-cmd-1:8000',
  ])

  const id = two.id.slice(0, 12)
  const back = await runCli(['undrain', `cmd1/${id}/8000`, ...admin(first)])
  expect(back.out).toBe(`undrained e2e-cmd-2: cmd1/${id}/8000\n`)
  await eventually(async () => (await stateOf(first, two.name, 'cmd1')) === 'ready')
})

test('a weight is wished of an instance, and taken back', async () => {
  await using one = await replica('e2e-cmd-weight')
  const weightOf = async () => {
    const all = await first.view('instances')
    return all.find((each) => each['name'] === one.name && each['node'] === 'cmd1')?.['weight']
  }
  await eventually(async () => (await weightOf()) === 1)
  const name = `cmd1/${one.name}`
  const { code, out } = await runCli(['weight', name, '7', ...admin(second)])
  expect([code, out.startsWith(`weight 7 ${one.name}: cmd1/`)]).toEqual([0, true])
  await eventually(async () => (await weightOf()) === 7)
  const wrong = await runCli(['weight', name, 'much', ...admin(second)])
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('from 0 to 1000') })
  await runCli(['weight', name, 'label', ...admin(second)])
  await eventually(async () => (await weightOf()) === 1)
})

test('a drained instance gets no request while another is ready, and all of them when none is', async () => {
  await using alone = await startPortolan({ args: ['--node', 'cmd3'] })
  await using one = await replica('e2e-cmd-3')
  await using two = await replica('e2e-cmd-4')
  const seen = async () => {
    const bodies = new Set<string>()
    for (let i = 0; i < 12; i++)
      bodies.add((await ask(alone.proxyUrl, 'cmd.localhost')).body.trim())
    return [...bodies].toSorted()
  }
  await eventually(async () => (await seen()).length === 2)
  await runCli(['drain', one.name, ...admin(alone)])
  await eventually(async () => (await stateOf(alone, one.name, 'cmd3')) === 'draining')
  expect(await seen()).toEqual([two.name])
  const last = await runCli(['drain', two.id.slice(0, 8), ...admin(alone)])
  expect(last.out).toContain('no other instance of cmd is ready')
  expect((await ask(alone.proxyUrl, 'cmd.localhost')).status).toBe(200)
  // the wish stays over a restart of the container, and goes with the container
  await docker('restart', '-t', '0', one.id)
  await eventually(async () => (await stateOf(alone, one.name, 'cmd3')) === 'draining')
  const wrong = await runCli(['drain', 'nobody', ...admin(alone)])
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining(`${one.name} (cmd3/`) })
})

test('a wish about a container that is gone is removed', async () => {
  const one = await replica('e2e-cmd-5')
  await eventually(async () => (await stateOf(first, one.name, 'cmd1')) === 'ready')
  await runCli(['drain', `cmd1/${one.name}`, ...admin(first)])
  await one[Symbol.asyncDispose]()
  await eventually(async () => (await etcd.keys('/portolan/wishes/')).size === 0)
})

test('explain says what is read, chosen and used of a container, and what becomes of a request', async () => {
  await using one = await replica('e2e-cmd-6', ['--label', 'portolan.wrong=1'])
  await eventually(async () => (await stateOf(first, one.name, 'cmd1')) === 'ready')
  const { code, out } = await runCli(['explain', one.id.slice(0, 12), ...admin(first)])
  expect(code).toBe(0)
  for (const said of [
    `e2e-cmd-6 (${one.id.slice(0, 12)}) on cmd1`,
    'running, health none',
    'portolan: service cmd',
    'container address on bridge',
    '/portolan/instances/cmd1/',
    'portolan.wrong',
  ]) {
    expect(out).toContain(said)
  }
  const port = new URL(first.proxyUrl).port
  const url = `http://cmd.localhost:${port}/a?b=c`
  const request = await runCli(['explain', url, ...admin(first)])
  expect(request.out).toMatch(/answer +one of the ready endpoints answers/)
  const json = await runCli(['explain', 'http://nobody.localhost/', '--json', ...admin(first)])
  expect(JSON.parse(json.out)).toMatchObject({ kind: 'url', status: 404 })
  const closed = await runCli(['explain', 'tcp://:1', ...admin(first)])
  expect(closed.out).toContain('no entrypoint for that is open at that port')
  const unknown = await runCli(['explain', 'nobody', ...admin(first)])
  expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('no running container') })
})

test('an address of IPv6 is a target like any other', async () => {
  const subnet = ['--ipv6', '--subnet', 'fd00:c0de::/64']
  const net = await docker(
    'network',
    'create',
    '--label',
    'test.portolan=e2e',
    ...subnet,
    'e2e-cmd-six',
  )
  await using stack = new AsyncDisposableStack()
  stack.defer(async () => void (await docker('network', 'rm', net)))
  const one = stack.use(await replica('e2e-cmd-7', ['--network', 'e2e-cmd-six']))
  const address = '{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}}{{end}}'
  const ip = await docker('inspect', '-f', address, one.id)
  expect(ip).toMatch(/^fd00:c0de::/)
  const endpoints = [{ protocol: 'http', ip, port: 8000 }]
  const route = { v: 1, entrypoints: ['http'], rule: 'Host(`six.localhost`)', endpoints }
  await etcd.ctl('put', '/portolan/routes/six', JSON.stringify(route))
  await eventually(
    async () => (await ask(first.proxyUrl, 'six.localhost')).body.trim() === one.name,
  )
  const explained = await runCli(['explain', one.name, '--json', ...admin(first)])
  expect(explained.code === 0 ? explained.out : explained.err).toContain('cmd1')
})

test('nodes are those of the cluster; events tell of each change until interrupted', async () => {
  const nodes = await runCli(['nodes', ...admin(first)])
  expect(nodes.out).toMatch(/^NODE .*\ncmd1 .*\ncmd2 /)
  const child = startCli(['events', ...admin(first)])
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  await using _one = await replica('e2e-cmd-8')
  await eventually(
    async () => /instance +e2e-cmd-8:8000 +ready/.test(out),
    10_000,
    () => out,
  )
  await docker('stop', '-t', '0', 'e2e-cmd-8')
  await eventually(
    async () => /e2e-cmd-8:8000 .*→ gone/.test(out),
    10_000,
    () => out,
  )
  child.kill('SIGINT')
  await once(child, 'exit')
})
