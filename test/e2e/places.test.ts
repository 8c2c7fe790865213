import { afterAll, beforeAll, expect, test } from 'vitest'

import { freePort } from '../free-port.ts'
import { docker, startContainer, type TestContainer, webCommand } from './docker.ts'
import { ask } from './load.ts'
import { eventually, startPortolan } from './portolan.ts'

const parts = new AsyncDisposableStack()
const label = ['--label', 'test.portolan=e2e']
let hostPort = 0

async function network(name: string, ...options: readonly string[]): Promise<void> {
  await docker('network', 'create', ...label, ...options, name)
  parts.defer(async () => void (await docker('network', 'rm', name)))
}

/** A web server that answers its own name at `<name>.localhost`. */
async function target(name: string, port: number, ...options: readonly string[]): Promise<void> {
  const script = webCommand(name).map((word) => word.replace('-p 8000', `-p ${port}`))
  const labels = { 'portolan.host': `${name}.localhost`, 'portolan.port': String(port) }
  parts.use(await startContainer(name, { labels, options, command: script }))
}

beforeAll(async () => {
  hostPort = await freePort()
  await network('e2e-place-a')
  await network('e2e-place-b')
  await network('e2e-place-int', '--internal')
  await target('e2e-on-a', 8000, '--network', 'e2e-place-a')
  await target('e2e-on-b', 8000, '--network', 'e2e-place-b')
  await target('e2e-published', 8000, '--network', 'e2e-place-b', '-p', '8000')
  await target('e2e-internal', 8000, '--network', 'e2e-place-int')
  await target('e2e-joined', 8001, '--network', 'container:e2e-on-a')
  await target('e2e-hostmode', hostPort, '--network', 'host')
})
afterAll(async () => parts.disposeAsync())

const all = ['e2e-on-a', 'e2e-on-b', 'e2e-published', 'e2e-internal', 'e2e-joined', 'e2e-hostmode']

/** Which of the targets answer through the proxy at `url`. */
async function reached(url: string): Promise<string[]> {
  const answers = await Promise.all(all.map((name) => ask(url, `${name}.localhost`)))
  return all.filter((name, at) => answers[at]?.body.trim() === name)
}

type Problem = { readonly where: string; readonly why: string; readonly remedy: string }

async function problemsOf(url: string): Promise<Problem[]> {
  const { items }: { items: Problem[] } = JSON.parse(
    await (await fetch(`${url}/v1/problems`)).text(),
  )
  return items
}

const mounts = [`${process.cwd()}:/app:ro`, '/var/run/docker.sock:/var/run/docker.sock'].flatMap(
  (mount) => ['-v', mount],
)

/** Portolan from source in a container of its own, which mounts the socket. */
async function inContainer(name: string, options: readonly string[], listen: string[]) {
  return startContainer(name, {
    image: 'node:26-slim',
    options: [...mounts, ...options],
    command: ['node', '/app/src/cli.ts', 'run', ...listen],
  })
}

/** Its proxy and its admin server, through ports that are published on loopback. */
async function published({ id }: TestContainer) {
  const at = async (port: string) => `http://${(await docker('port', id, port)).split('\n')[0]}`
  const [proxyUrl, adminUrl] = [await at('8080'), await at('8070')]
  await eventually(async () => (await fetch(`${adminUrl}/readyz`)).status === 200)
  return { proxyUrl, adminUrl }
}

const open = ['-p', '127.0.0.1::8080', '-p', '127.0.0.1::8070']
// what can't be reached shall not hold its requests for long
const everywhere = ['--http', ':8080', '--admin', ':8070', '--hold', '200ms']

test('on the host every container is reached, whatever its network', async () => {
  await using portolan = await startPortolan()
  await eventually(async () => (await reached(portolan.proxyUrl)).length === all.length)
})

test("in a container on the host's network every container is reached", async () => {
  const [http, admin] = [await freePort(), await freePort()]
  const listen = ['--http', `127.0.0.1:${http}`, '--admin', `127.0.0.1:${admin}`]
  await using _portolan = await inContainer('e2e-place-host', ['--network', 'host'], listen)
  await eventually(async () => (await reached(`http://127.0.0.1:${http}`)).length === all.length)
})

test('in a container: a network in common, or a published port; the others are problems that say what to write', async () => {
  await using one = await inContainer(
    'e2e-place-in',
    ['--network', 'e2e-place-a', ...open],
    everywhere,
  )
  const { proxyUrl, adminUrl } = await published(one)
  const wanted = ['e2e-on-a', 'e2e-published', 'e2e-joined', 'e2e-hostmode']
  await eventually(async () => (await reached(proxyUrl)).join() === wanted.join())
  const problems = await problemsOf(adminUrl)
  expect(problems.find(({ where }) => where === 'container e2e-on-b')).toMatchObject({
    why: expect.stringMatching(/ours: e2e-place-a; its: e2e-place-b/),
    remedy: expect.stringMatching(/put it on e2e-place-a, or put Portolan on e2e-place-b/),
  })
  expect(problems.some(({ where }) => where === 'container e2e-internal')).toBe(true)
  expect((await ask(proxyUrl, 'e2e-on-b.localhost')).status).toBe(503)

  // and when it is put on the network, at once
  await docker('network', 'connect', 'e2e-place-int', one.id)
  await eventually(async () => (await reached(proxyUrl)).includes('e2e-internal'))
  await docker('network', 'disconnect', 'e2e-place-int', one.id)
  await eventually(async () => !(await reached(proxyUrl)).includes('e2e-internal'))
})
