import { afterAll, beforeAll, expect, test } from 'vitest'

import { type Stack, startStack } from './compose.ts'
import { docker } from './docker.ts'
import { ask, underLoad } from './load.ts'
import { eventually } from './portolan.ts'

let stack: Stack

beforeAll(async () => {
  stack = await startStack('main', 'docker-compose.yml')
})
afterAll(async () => stack?.[Symbol.asyncDispose]())

/** Which container answered. */
async function who(url = stack.proxyUrl, host = 'whoami.localhost'): Promise<string> {
  const { status, body } = await ask(url, host)
  expect(status).toBe(200)
  return /^hostname: (\S+)/.exec(body)?.[1] ?? ''
}

async function answerers(count: number): Promise<string[]> {
  const seen: string[] = []
  for (let at = 0; at < count; at++) seen.push(await who())
  return seen
}

const distinct = (wanted: number) =>
  eventually(async () => new Set(await answerers(2 * wanted)).size === wanted)

test('docker compose up: the replicas take turns', async () => {
  await distinct(2)
  const seen = await answerers(10)
  expect(new Set(seen).size).toBe(2)
  for (const [at, one] of seen.entries()) if (at > 0) expect(one).not.toBe(seen[at - 1])
})

test('its commands work inside the container, and its store holds the replicas', async () => {
  const services = await stack.compose('exec', '-T', 'portolan', 'portolan', 'services', '--json')
  const { items } = JSON.parse(services)
  expect(items).toContainEqual(expect.objectContaining({ id: `${stack.project}/whoami`, ready: 2 }))
  const keys = await stack.compose(
    'exec',
    '-T',
    'etcd',
    'etcdctl',
    'get',
    '--prefix',
    '/',
    '--keys-only',
  )
  const { project } = stack
  expect(keys.split(`/portolan/instances/${project}/`).length).toBeGreaterThan(2)
  expect(keys).toContain(`/services/portolan-whoami/${project}:${project}-whoami-1:3000`)
})

test('scaling, stopping one and recreating them all under load fails no request', async () => {
  const seen = await underLoad(stack.proxyUrl, 'whoami.localhost', 50, async () => {
    await stack.compose('up', '-d', '--no-recreate', '--wait', '--scale', 'whoami=5')
    await distinct(5)
    await docker('stop', `${stack.project}-whoami-3`)
    await distinct(4)
    await stack.compose('up', '-d', '--no-recreate', '--wait', '--scale', 'whoami=1')
    await distinct(1)
    await stack.compose(
      'up',
      '-d',
      '--force-recreate',
      '--no-deps',
      '--wait',
      '--scale',
      'whoami=1',
      'whoami',
    )
    await distinct(1)
  })
  expect(seen.failures).toEqual([])
  expect(seen.requests).toBeGreaterThan(250)
})

test('a service of another project that joins the network is routed', async () => {
  const file = 'examples/shared-network/docker-compose.yml'
  await using other = await startStack('shop', file, { PORTOLAN_NETWORK: stack.network })
  await eventually(async () => (await ask(stack.proxyUrl, 'shop.localhost')).status === 200)
  const view = await (await fetch(`${stack.adminUrl}/v1/instances`)).text()
  expect(view).toContain(`container address on ${stack.network}`)
  expect(view).toContain(other.project)
})

test('TERM: the container stops well within its grace period, and its entries stay for a successor', async () => {
  const started = performance.now()
  await stack.compose('stop', 'portolan')
  expect(performance.now() - started).toBeLessThan(30_000)
  const code = await docker('inspect', '-f', '{{.State.ExitCode}}', `${stack.project}-portolan-1`)
  expect(code).toBe('0')
  const keys = await stack.compose(
    'exec',
    '-T',
    'etcd',
    'etcdctl',
    'get',
    '--prefix',
    '/portolan/nodes',
    '--keys-only',
  )
  expect(keys).toContain(`/portolan/nodes/${stack.project}`)
  await stack.compose('start', 'portolan')
  await eventually(async () => (await who()) !== '')
})
