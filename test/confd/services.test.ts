import { expect, test } from 'vitest'

import { createLookups } from '../../src/confd/lookups.ts'
import { nothingLooked, renderResource } from '../../src/confd/render.ts'
import { createRenderer } from '../../src/confd/renderer.ts'
import { type Catalog, emptyCatalog } from '../../src/core/catalog.ts'
import { type Instance, serviceId } from '../../src/core/instance.ts'
import type { Chosen } from '../../src/core/vantage.ts'
import { containerId, instance } from '../core/samples.ts'
import { parseResource, tempFolder } from './scene.ts'

const catalogOf = (...instances: readonly Instance[]): Catalog => ({
  ...emptyCatalog,
  services: Map.groupBy(instances, serviceId),
})

const addressOf = (one: Instance): Chosen => {
  const [first] = one.addresses
  return first
    ? { ok: true, ip: first.ip, port: one.port, why: 'test' }
    : { ok: false, why: 'no network in common', remedy: 'put both on one network' }
}

async function render(source: string, catalog: Catalog | undefined) {
  const folder = await tempFolder()
  await folder.write('a', source)
  const renderer = createRenderer(folder.root)
  const { resource } = parseResource('a.toml', '[template]\nsrc = "a"\ndest = "/a"')
  const sources = { pairs: new Map<string, string>(), catalog, addressOf, lookups: createLookups() }
  try {
    return await renderResource(
      { ...resource, renderTimeoutMs: 60_000 },
      renderer,
      sources,
      nothingLooked,
    )
  } finally {
    renderer.close()
  }
}

async function textOf(source: string, catalog: Catalog) {
  const rendered = await render(source, catalog)
  if (rendered.kind !== 'content') throw rendered.kind === 'failed' ? rendered.error : rendered.kind
  return rendered.content.toString()
}

const old = instance({
  container: containerId('1'),
  createdAt: '2026-01-01T00:00:00Z',
  name: 'old',
})
const young = instance({
  container: containerId('2'),
  createdAt: '2026-01-02T00:00:00Z',
  name: 'young',
  weight: 3,
  addresses: [{ network: 'n', ip: 'fd00::1' }],
  tags: ['blue'],
  attributes: { zone: 'a' },
})
const global = instance({ project: '-', service: 'db', name: 'db', port: 5432, protocol: 'tcp' })

test('service gives its ready instances, the oldest first, with all that a config needs', async () => {
  const draining = instance({ container: containerId('3'), state: 'draining' })
  const source =
    '{% for i in service("web").instances %}{{ i.name }} {{ i.address }} {{ i.weight }} ' +
    '{{ i.tags | join(",") }} {{ i.attributes.zone | default("-") }} {{ i.state }}\n{% endfor %}'
  expect(await textOf(source, catalogOf(young, draining, old))).toBe(
    'old 172.18.0.3:3000 1  - ready\nyoung [fd00::1]:3000 3 blue a ready\n',
  )
})

test('services lists all, sorted, with id, name and project', async () => {
  const source =
    '{% for s in services %}{{ s.id }}={{ s.project }}+{{ s.name }}:{{ s.instances.length }} {% endfor %}'
  expect(await textOf(source, catalogOf(old, young, global))).toBe('db=-+db:1 shop/web=shop+web:2 ')
})

test('instances lists those of all services', async () => {
  const source = '{% for i in instances %}{{ i.service }}/{{ i.name }} {% endfor %}'
  expect(await textOf(source, catalogOf(old, global))).toBe('db/db shop/web/old ')
})

test('an unknown service is an error that names it, unless there is a default', async () => {
  await expect(textOf('{{ service("nope").id }}', catalogOf(old))).rejects.toThrow(
    'there is no service "nope"; start it, or give a default: service("nope", {"instances": []})',
  )
  const source =
    '{% for i in service("nope", {"instances": []}).instances %}x{% else %}none{% endfor %}'
  expect(await textOf(source, catalogOf(old))).toBe('none')
})

test('an ambiguous service is an error even with a default', async () => {
  const catalog = catalogOf(old, instance({ project: 'blog' }))
  await expect(textOf('{{ service("web", "d") }}', catalog)).rejects.toThrow(
    'service "web" is ambiguous: name one of blog/web, shop/web',
  )
})

test('members are all, by node and ordinal, whatever their state and address', async () => {
  const third = instance({
    ordinal: 3,
    name: 'c',
    state: 'starting',
    createdAt: '2025-01-01T00:00:00Z',
  })
  const first = instance({ ordinal: 1, name: 'a', node: 'h2', addresses: [] })
  const second = instance({ ordinal: 2, name: 'b', state: 'unhealthy' })
  const source =
    '{% for m in service("web").members %}{{ m.node }}/{{ m.ordinal }} {{ m.state }} {{ m.address or "none" }};{% endfor %}'
  expect(await textOf(source, catalogOf(first, third, second))).toBe(
    'h1/2 unhealthy 172.18.0.3:3000;h1/3 starting 172.18.0.3:3000;h2/1 ready none;',
  )
})

test('nodes lists those that share the store', async () => {
  const node = { v: 1, engine: 'e', session: 's', roles: ['proxy'], version: '1', startedAt: '' }
  const nodes = new Map(
    ['h2', 'h1'].map((name) => [name, { ...node, node: name, address: `${name}.lan` }]),
  )
  const source = '{% for n in nodes %}{{ n.name }}={{ n.address }} {% endfor %}'
  expect(await textOf(source, { ...emptyCatalog, nodes })).toBe('h1=h1.lan h2=h2.lan ')
})

test('an instance without an address for us is left out and noted', async () => {
  const rendered = await render(
    '{{ service("web").instances.length }}',
    catalogOf(instance({ addresses: [] })),
  )
  expect(rendered).toMatchObject({ kind: 'content', content: Buffer.from('0') })
  expect([...rendered.looked.unreachable]).toMatchObject([
    ['shop-web-1', { remedy: 'put both on one network' }],
  ])
})

test('who asks for services waits until they are known, who does not is not kept waiting', async () => {
  expect(await render('{% for s in services %}{% endfor %}', undefined)).toMatchObject({
    kind: 'waiting',
  })
  expect(await render('plain', undefined)).toMatchObject({
    kind: 'content',
    looked: { catalog: { asked: false } },
  })
})
