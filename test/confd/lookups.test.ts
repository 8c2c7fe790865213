import { expect, test } from 'vitest'

import { createLookups } from '../../src/confd/lookups.ts'
import { startNameServer, type Zone } from './name-server.ts'
import { startConfd } from './running.ts'
import { tempFolder } from './scene.ts'

const record = (...data: readonly string[]) => ({ ttl: 0, data })

async function scene(entries: readonly (readonly [string, ReturnType<typeof record>])[]) {
  const zone: Zone = new Map(entries)
  const server = await startNameServer(zone)
  const folder = await tempFolder()
  await folder.write('hosts', '10.0.0.7 gateway  host.docker.internal # for extra_hosts\n')
  const options = { servers: [server.at], hostsFile: folder.at('hosts'), timeoutMs: 200 }
  const lookups = createLookups({ ...options, keepMs: { least: 100, most: 100 } })
  return { zone, server, lookups, ...(await startConfd({ lookups })) }
}

test('names are looked up between renders, and asked for once', async () => {
  const { template, resource, out, server } = await scene([
    ['A db.example', record('10.0.0.2', '10.0.0.1')],
    ['AAAA db.example', record('fd00:0:0:0:0:0:0:1')],
    ['SRV _http._tcp.web.example', record('8080 b.example', '80 a.example')],
  ])
  await template(
    'a',
    `{{ lookupIPV4("db.example") | join(",") }} {{ lookupIPV6("db.example") | join(",") }}
{{ lookupIP("db.example").length }} {{ lookupIP("127.0.0.1")[0] }} {{ lookupIPV4("gateway")[0] }}
{% for one in lookupSRV("http", "tcp", "web.example") %}{{ one.Target }}:{{ one.Port }} {{ one.Weight }};{% endfor %}`,
  )
  await resource('a', '')
  await expect
    .poll(() => out('a'))
    .toBe('10.0.0.1,10.0.0.2 fd00::1\n3 127.0.0.1 10.0.0.7\na.example:80 2;b.example:8080 2;')
  expect(server.asked.slice(0, 3).toSorted()).toEqual([
    'A db.example',
    'AAAA db.example',
    'SRV _http._tcp.web.example',
  ])
})

test('a file follows its names, and is not rendered while they stay the same', async () => {
  const { zone, template, resource, out, registry, server } = await scene([
    ['A db.example', record('10.0.0.1')],
  ])
  await template('a', '{{ lookupIPV4("db.example")[0] }}')
  await resource('a', '')
  await expect.poll(() => out('a')).toBe('10.0.0.1')
  await expect.poll(() => server.asked.length).toBeGreaterThan(3)
  zone.set('A db.example', record('10.0.0.2'))
  await expect.poll(() => out('a')).toBe('10.0.0.2')
  expect(await registry.metrics()).not.toContain('result="unchanged"')
})

test('a name that does not exist is an error, and the last good file stays', async () => {
  const { zone, template, resource, out, view } = await scene([
    ['A db.example', record('10.0.0.1')],
  ])
  await template('a', '{{ lookupIPV4("db.example")[0] }}')
  await resource('a', '')
  await expect.poll(() => out('a')).toBe('10.0.0.1')
  zone.clear()
  await expect
    .poll(() => view('a')?.lastError)
    .toMatch(/^template a.njk, line 1: db.example could not be looked up \(there is no such name\)/)
  expect(await out('a')).toBe('10.0.0.1')
  zone.set('A db.example', record('10.0.0.3'))
  await expect.poll(() => out('a')).toBe('10.0.0.3')
})

test('a name server that says nothing is an error at first, and later changes nothing', async () => {
  const { template, resource, out, view, server } = await scene([
    ['A db.example', record('10.0.0.1')],
  ])
  await template('a', '{{ lookupIPV4("db.example")[0] }}')
  server.state.silent = true
  await resource('a', '')
  await expect.poll(() => view('a')?.lastError, { timeout: 60_000 }).toContain('ETIMEOUT')
  server.state.silent = false
  await expect.poll(() => out('a'), { timeout: 60_000 }).toBe('10.0.0.1')
  server.state.silent = true
  const before = server.asked.length
  await expect.poll(() => server.asked.length, { timeout: 60_000 }).toBeGreaterThan(before + 4)
  expect(view('a')).toMatchObject({ state: 'written', lastError: null })
})

test('names may come of answers, up to a bound, and not too many of them', async () => {
  const zone = Array.from({ length: 9 }, (_, at) => at).map(
    (at) => [`SRV n${at}.example`, record(`1 n${at + 1}.example`)] as const,
  )
  const { template, resource, out, view } = await scene(zone)
  const chain = (length: number) =>
    Array.from({ length }).reduce<string>(
      (name) => `lookupSRV("", "", ${name})[0].Target`,
      '"n0.example"',
    )
  await template('a', `{{ ${chain(3)} }}`)
  await template('b', `{{ ${chain(9)} }}`)
  await template(
    'c',
    '{% for n in seq(1, 200) %}{{ lookupIPV4("x" + n + ".example") }}{% endfor %}',
  )
  for (const name of ['a', 'b', 'c']) await resource(name, '')
  await expect.poll(() => out('a')).toBe('n3.example')
  await expect.poll(() => view('b')?.lastError).toContain('depend on each other')
  await expect.poll(() => view('c')?.lastError).toContain('more than 128 names')
})
