import { mkdir, mkdtempDisposable, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { docker, startContainer, webCommand } from './docker.ts'
import { ask, underLoad } from './load.ts'
import { eventually, type Running, startPortolan } from './portolan.ts'

const whoami = 'portolan-test-whoami'
let portolan: Running

beforeAll(async () => {
  await docker('build', '-q', '-t', whoami, 'examples/whoami')
  portolan = await startPortolan()
})
afterAll(async () => portolan[Symbol.asyncDispose]())

const web = (name: string, body: string, labels: Record<string, string>) =>
  startContainer(name, { labels, command: webCommand(body), options: ['--expose', '8000'] })

const serves = (host: string, body: string, path = '/') =>
  eventually(async () => (await ask(portolan.proxyUrl, host, { path })).body.trim() === body)

test('a container with a host label answers through the proxy, and is gone when it is stopped', async () => {
  await using hello = await web('e2e-hello', 'hello', { 'portolan.host': 'hello.localhost' })
  await serves('hello.localhost', 'hello')
  const [found] = (await portolan.view('instances')).filter(({ name }) => name === hello.name)
  expect(found).toMatchObject({ state: 'ready', port: 8000, container: hello.id })
  expect(found?.['address']).toMatchObject({ why: expect.stringContaining('container address') })

  await docker('stop', '-t', '1', hello.id)
  await eventually(async () => {
    const left = await portolan.view('instances')
    return !left.some(({ name }) => name === hello.name)
  })
})

test('paths split a host between services, with and without strip', async () => {
  await using _root = await web('e2e-root', 'root', { 'portolan.host': 'split.localhost' })
  await using _api = await web('e2e-api', 'api', {
    'portolan.host': 'split.localhost',
    'portolan.path': '/api',
    'portolan.strip': 'true',
    'portolan.service': 'e2e-api',
  })
  await serves('split.localhost', 'root')
  await serves('split.localhost', 'api', '/api')
  await serves('split.localhost', 'api', '/api/index.html')
  expect((await ask(portolan.proxyUrl, 'split.localhost', { path: '/apiary' })).status).toBe(404)
})

test('unknown hosts are 404, known ones without anybody ready 503', async () => {
  expect((await ask(portolan.proxyUrl, 'nobody.localhost')).status).toBe(404)
  await using sick = await startContainer('e2e-sick', {
    labels: { 'portolan.host': 'sick.localhost' },
    options: [
      '--expose',
      '8000',
      '--health-cmd',
      'false',
      '--health-interval',
      '1s',
      '--health-retries',
      '1',
    ],
    command: webCommand('sick'),
  })
  await eventually(async () => {
    const [found] = (await portolan.view('instances')).filter(({ name }) => name === sick.name)
    return found?.['state'] === 'unhealthy'
  })
  expect((await ask(portolan.proxyUrl, 'sick.localhost')).status).toBe(503)
})

test('a bad label is a problem that names container, value and remedy, and harms nobody else', async () => {
  await using _bad = await web('e2e-bad', 'bad', {
    'portolan.host': 'bad.localhost',
    'portolan.port': 'x',
  })
  await using _good = await web('e2e-good', 'good', { 'portolan.host': 'good.localhost' })
  await serves('good.localhost', 'good')
  const problems = await portolan.view('problems')
  expect(problems).toContainEqual(
    expect.objectContaining({
      where: 'container e2e-bad',
      what: 'label portolan.port="x"',
      remedy: expect.stringContaining('1 to 65535'),
    }),
  )
})

test('a graceful stop of one of two replicas fails no request', async () => {
  const replica = (at: number) =>
    startContainer(`e2e-pair-${at}`, {
      image: whoami,
      labels: { 'portolan.host': 'pair.localhost', 'portolan.service': 'pair' },
    })
  await using first = await replica(1)
  await using _second = await replica(2)
  const both = async () => {
    const found = (await portolan.view('instances')).filter(({ service }) => service === 'pair')
    return found.length === 2 && found.every(({ state }) => state === 'ready')
  }
  await eventually(both)
  const seen = await underLoad(portolan.proxyUrl, 'pair.localhost', 100, async () => {
    await docker('stop', first.id)
    await pause(300)
    await docker('start', first.id)
    await eventually(both)
  })
  expect(seen.failures).toEqual([])
  expect(seen.requests).toBeGreaterThan(50)
  expect(seen.bodies.size).toBeGreaterThan(1)
})

test('a recreate of a single replica fails no request: they wait for the successor', async () => {
  const only = () =>
    startContainer('e2e-single', {
      image: whoami,
      labels: { 'portolan.host': 'single.localhost', 'portolan.service': 'single' },
    })
  const first = await only()
  await eventually(async () => (await ask(portolan.proxyUrl, 'single.localhost')).status === 200)
  let second: AsyncDisposable | undefined
  const seen = await underLoad(portolan.proxyUrl, 'single.localhost', 100, async () => {
    await docker('stop', first.id)
    await docker('rm', first.id)
    second = await only()
    await eventually(async () => (await ask(portolan.proxyUrl, 'single.localhost')).status === 200)
  })
  await second?.[Symbol.asyncDispose]()
  expect(seen.failures).toEqual([])
  expect(seen.bodies.size).toBeGreaterThan(1)
})

test('an address that the next container gets never answers for the one before', async () => {
  for (let round = 0; round < 3; round++) {
    const body = `round-${round}`
    await using one = await web(`e2e-reuse-${round}`, body, {
      'portolan.host': `${body}.localhost`,
    })
    await serves(`${body}.localhost`, body)
    const before = round - 1
    if (before >= 0) {
      const late = await Promise.race([
        ask(portolan.proxyUrl, `round-${before}.localhost`),
        pause(300, { status: 0, body: 'waits' }),
      ])
      expect(late.body).not.toContain(body)
    }
    await docker('kill', one.id)
  }
})

test('without an engine it says what is missing, answers health, and recovers by itself', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'portolan-e2e-'))
  const socket = join(folder.path, 'docker.sock')
  await using lonely = await startPortolan({ args: ['--docker', `unix://${socket}`], ready: false })
  await eventually(async () => (await fetch(`${lonely.adminUrl}/healthz`)).status === 200)
  expect((await fetch(`${lonely.adminUrl}/readyz`)).status).toBe(503)
  expect((await ask(lonely.proxyUrl, 'x.localhost')).status).toBe(503)
  const problems = await lonely.view('problems')
  expect(JSON.stringify(problems)).toContain(socket)
  await symlink('/var/run/docker.sock', socket)
  await eventually(async () => (await fetch(`${lonely.adminUrl}/readyz`)).status === 200)
  expect(
    (await lonely.view('problems')).filter(({ where }) => String(where).includes('docker')),
  ).toEqual([])
})

test('templates follow the containers, and the last good file stays when a check fails', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'portolan-e2e-confd-'))
  for (const name of ['conf.d', 'templates']) await mkdir(join(folder.path, name))
  const dest = join(folder.path, 'pool.conf')
  const template = [
    '{% for i in service("e2e-pool", {instances: []}).instances %}server {{ i.address }};\n{% endfor %}',
    '{% for kv in gets("/services/e2e-pool/*") %}plain {{ kv.Value }}\n{% endfor %}',
  ].join('')
  await writeFile(join(folder.path, 'templates', 'pool.tmpl'), template)
  const resource = [
    '[template]',
    'src = "pool.tmpl"',
    `dest = "${dest}"`,
    'keys = ["/services/e2e-pool"]',
    'mode = "0640"',
    'check_cmd = "! grep -q forbidden {{src}}"',
    `reload_cmd = "date +%N >> ${folder.path}/reloads"`,
  ].join('\n')
  await writeFile(join(folder.path, 'conf.d', 'pool.toml'), resource)
  await using running = await startPortolan({ args: ['--confd', folder.path] })
  await using one = await web('e2e-pool-1', 'x', { 'portolan.service': 'e2e-pool' })
  const content = () => readFile(dest, 'utf8').catch(() => '')
  await eventually(async () => (await content()).includes('server '))
  expect(await content()).toMatch(/^server (\d+\.){3}\d+:8000;\nplain (\d+\.){3}\d+:8000\n$/)
  expect(await readFile(join(folder.path, 'reloads'), 'utf8')).toMatch(/\d/)

  await writeFile(join(folder.path, 'templates', 'pool.tmpl'), 'forbidden')
  await eventually(async () => JSON.stringify(await running.view('problems')).includes('pool'))
  expect(await content()).toContain('server ')
  await writeFile(join(folder.path, 'templates', 'pool.tmpl'), template)
  await docker('rm', '-f', one.id)
  await eventually(async () => (await content()).trim() === '')
})

test('a TERM stops it orderly, with exit code 0', async () => {
  await using running = await startPortolan()
  expect(await running.stop()).toBe(0)
})

test('a taken port is named with the setting and the remedy, and the exit code is 1', async () => {
  const taken = Number(new URL(portolan.proxyUrl).port)
  const admin = Number(new URL(portolan.adminUrl).port)
  const second = await startPortolan({ ports: { http: taken, admin: admin + 1 }, ready: false })
  await eventually(async () => second.process.exitCode !== null, 60_000, second.output)
  expect(second.process.exitCode).toBe(1)
  expect(second.output()).toMatch(new RegExp(`--http.*${taken}`))
})
