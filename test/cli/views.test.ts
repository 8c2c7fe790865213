import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'

import { expect, test } from 'vitest'

import { defaultPolicy, probeSchema } from '../../src/core/policy.ts'
import { sampleFiles } from '../admin/files.ts'
import { startAdmin, type World } from '../admin/start.ts'
import { containerId, instance } from '../core/samples.ts'
import { runCli } from './run-cli.ts'

const probed = { ...defaultPolicy, probe: probeSchema.parse({ kind: 'postgres' }) }

const world: World = {
  files: sampleFiles,
  instances: [
    instance(),
    instance({ container: containerId('b'), name: 'shop-web-2', state: 'unhealthy', node: 'h2' }),
    instance({ service: 'db', project: '-', port: 5432, name: 'db', policy: probed }),
  ],
  routes: [
    {
      name: 'web',
      rule: 'Host(`shop.localhost`)',
      entrypoints: ['http'],
      service: 'shop/web',
      instances: ['a', 'b'],
      source: 'label',
      problems: [],
    },
  ],
  problems: [
    { severity: 'error', where: 'container x', what: 'port=0', why: 'no port', remedy: 'write 80' },
  ],
}

test.for<[string, readonly string[]]>([
  [
    'services',
    [
      'SERVICE   READY  PORTS  NODES',
      'shop/web  1/2    3000   h1, h2',
      'db        1/1    5432   h1',
    ],
  ],
  [
    'instances',
    [
      'SERVICE   NAME        NODE  STATE      ROLE     ADDRESS          IN FLIGHT',
      'shop/web  shop-web-1  h1    ready      -        172.18.0.3:3000  2',
      'shop/web  shop-web-2  h2    unhealthy  -        172.18.0.3:3000  2',
      'db        db          h1    ready      replica  172.18.0.3:3000  2',
    ],
  ],
  [
    'routes',
    [
      'ROUTE  RULE                    ENTRYPOINTS  SERVICE   INSTANCES  SOURCE  PROBLEMS',
      'web    Host(`shop.localhost`)  http         shop/web  2          label   -',
    ],
  ],
  [
    'files',
    [
      'FILE                        STATE      WRITTEN                   RESOURCE      PROBLEM',
      '/etc/nginx/conf.d/web.conf  unchanged  2026-01-01T09:00:00.000Z  web.toml      -',
      '/etc/haproxy/haproxy.cfg    failed     2026-01-01T09:00:00.000Z  haproxy.toml  reload_cmd (haproxy -sf) failed with exit code 1: no such process',
      '/etc/nginx/sites/web.conf   written    2026-01-01T09:00:00.000Z  sites.toml    -',
      '/etc/nginx/sites/db.conf    failed     2026-01-01T09:00:00.000Z  sites.toml    template site.njk, line 3: a value is undefined',
    ],
  ],
  [
    'problems',
    [
      'SEVERITY  WHERE        WHAT, WHY, REMEDY',
      'error     container x  port=0',
      '                       no port',
      '                       → write 80',
    ],
  ],
])('%s is a plain table in a pipe, and JSON when asked', async ([view, lines]) => {
  await using admin = await startAdmin({}, world)
  const at = `127.0.0.1:${admin.port}`
  expect(await runCli([view, '--admin', at])).toEqual({
    code: 0,
    out: `${lines.join('\n')}\n`,
    err: '',
  })
  const json = await runCli([view, '--json'], { env: { PORTOLAN_ADMIN: at } })
  expect(JSON.parse(json.out)).toEqual(await (await fetch(`${admin.url}/v1/${view}`)).json())
})

test('colours are for terminals, and not with NO_COLOR', async () => {
  await using admin = await startAdmin({}, world)
  const args = ['instances', '--admin', `127.0.0.1:${admin.port}`]
  const green = '\u{1B}[32mready\u{1B}[39m'
  expect((await runCli(args, { terminal: true })).out).toContain(green)
  const plain = await runCli(args, { terminal: true, env: { NO_COLOR: '1' } })
  expect(plain.out).toContain('unhealthy')
  expect(plain.out).not.toContain('\u{1B}')
})

test('nothing in a label steers the terminal', async () => {
  const name = 'a\u{1B}]0;title\u{7}\u{1B}[2Jb\r\nc'
  await using admin = await startAdmin({}, { instances: [instance({ name })] })
  const { out } = await runCli(['instances', '--admin', `127.0.0.1:${admin.port}`])
  expect(out.split('\n')).toHaveLength(3)
  expect(out).not.toMatch(/[^\P{Cc}\n]/u)
})

test('an empty view says so', async () => {
  await using admin = await startAdmin()
  const { out } = await runCli(['problems', '--admin', `127.0.0.1:${admin.port}`])
  expect(out).toBe('no problems\n')
})

test.for(['', '0.0.0.0', '[::]'])('the address %j:port is asked on loopback', async (host) => {
  await using admin = await startAdmin()
  expect(await runCli(['health', '--admin', `${host}:${admin.port}`])).toMatchObject({ code: 0 })
})

test('when nobody answers it says what to do, in one line', async () => {
  const ran = await runCli(['routes', '--admin', '127.0.0.1:1'])
  expect(ran).toEqual({
    code: 1,
    out: '',
    err: 'portolan: no Portolan answers at 127.0.0.1:1: start it with `portolan run`, or name it with --admin\n',
  })
})

async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('no port')
  return {
    at: `127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

test('another program at the address is told from Portolan', async () => {
  await using html = await serve((_, response) => response.end('<html>'))
  const ran = await runCli(['services', '--admin', html.at])
  expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('is no Portolan') })
  await using json = await serve((_, response) => response.end('{"items":7}'))
  const other = await runCli(['services', '--admin', json.at])
  expect(other).toMatchObject({ code: 1, err: expect.stringContaining('has another form') })
})

test('health is 0 for a process that works, 1 for one that is stuck or hangs for 2 s', async () => {
  await using stuck = await serve((_, response) =>
    response.writeHead(503).end('{"status":"stuck"}'),
  )
  expect(await runCli(['health', '--admin', stuck.at])).toMatchObject({
    code: 1,
    err: expect.stringContaining('not healthy (status 503)'),
  })
  await using hanging = await serve(() => {})
  const started = performance.now()
  const ran = await runCli(['health', '--admin', hanging.at])
  expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('no answer within 2 s') })
  expect(performance.now() - started).toBeLessThan(4000)
})

test('leave asks the running process to leave, and says when that was refused', async () => {
  let left = 0
  await using admin = await startAdmin({ leave: async () => void left++ })
  const ran = await runCli(['leave', '--admin', `127.0.0.1:${admin.port}`])
  expect([ran.code, left]).toEqual([0, 1])
  await using refusing = await startAdmin({
    leave: async () => {
      throw new Error('etcd is away')
    },
  })
  const refused = await runCli(['leave', '--admin', `127.0.0.1:${refusing.port}`])
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('etcd is away') })
})
