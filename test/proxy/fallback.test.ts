import { expect, test } from 'vitest'

import { plainRequest } from '../../src/core/rule/request.ts'
import { fallbackEntrypoint } from '../../src/proxy/table/fallbacks.ts'
import { match } from '../../src/proxy/table/match.ts'
import { nobody } from '../../src/proxy/table/own.ts'
import { routeTable, TableMaker } from '../../src/proxy/table/table.ts'
import { routeViews } from '../../src/proxy/views.ts'
import { bed, catalogOf, instance, named, type Sketch, vantage } from './bed.ts'

const id = (letter: string) => letter.repeat(64)
const wanting = (fallback: string | null): Sketch => ({
  policy: { ...instance().policy, fallback },
})
const web = (more: Sketch = {}) => instance({ ...wanting('sorry'), ...more })
const sorry = (more: Sketch = {}) =>
  instance({ service: 'sorry', name: 'sorry-1', container: id('c'), routes: [], ...more })

const entrypoint = fallbackEntrypoint('shop/web', 'sorry')

test('the service of a fallback stands in the table, out of sight, although it has no route', () => {
  const { table, problems } = routeTable(catalogOf([web(), sorry({ port: 81 })]), vantage)
  const found = table.routes.find((one) => one.entrypoint === entrypoint)
  expect(found).toMatchObject({ service: 'shop/sorry', targets: [{ port: 81 }] })
  expect(problems).toEqual([])
  expect(routeViews(table.routes).map(({ service }) => service)).toEqual(['shop/web'])
  expect(match(table.index, 'http', plainRequest('anything', '/'))).toBeUndefined()
})

test('it is no route on an entrypoint that is closed', () => {
  const listeners = [{ entrypoint: 'http', host: '', port: 8080 }]
  const { problems } = routeTable(catalogOf([web(), sorry()]), vantage, { ...nobody, listeners })
  expect(problems).toEqual([])
})

test('its own project’s service goes before that of others; one that is missing is told', () => {
  const other = sorry({ project: 'blog', container: id('d') })
  const { table } = routeTable(catalogOf([web(), sorry(), other]), vantage)
  expect(table.routes.find((one) => one.entrypoint === entrypoint)?.service).toBe('shop/sorry')
  const alone = routeTable(catalogOf([web()]), vantage)
  expect(alone.problems).toMatchObject([
    { where: 'service shop/web', what: 'there is no service "sorry"', severity: 'warning' },
  ])
})

test('it follows its service, and goes with the last who asks for it', () => {
  const maker = new TableMaker()
  const has = (...list: ReturnType<typeof instance>[]) =>
    maker
      .make(catalogOf(list), vantage)
      .table.routes.filter((one) => one.entrypoint === entrypoint)
      .map(({ targets }) => targets.map(({ port }) => port))
  expect(has(web())).toEqual([])
  expect(has(web(), sorry({ port: 81 }))).toEqual([[81]])
  expect(has(web(), sorry({ port: 82 }))).toEqual([[82]])
  expect(has(web(wanting(null)), sorry({ port: 82 }))).toEqual([])
  expect(has(web(), sorry({ port: 82 }))).toEqual([[82]])
  expect(has(sorry({ port: 82 }))).toEqual([])
})

test('the fallback stays for a minute when the last container of those who ask for it has gone', () => {
  let nowMs = 0
  const maker = new TableMaker(undefined, () => nowMs)
  const ports = (...list: ReturnType<typeof instance>[]) => {
    const { table, problems } = maker.make(catalogOf(list), vantage)
    expect(problems).toEqual([])
    const found = table.routes.filter((one) => one.entrypoint === entrypoint)
    return found.map(({ targets }) => targets.map(({ port }) => port))
  }
  expect(ports(web(), sorry({ port: 81 }))).toEqual([[81]])
  expect(ports(sorry({ port: 81 }))).toEqual([[81]])
  nowMs = 59_000
  expect(ports(sorry({ port: 82 }))).toEqual([[82]])
  nowMs = 60_000
  expect(ports(sorry({ port: 83 }))).toEqual([])
  expect(ports(web(), sorry({ port: 83 }))).toEqual([[83]])
  expect(ports(sorry({ port: 83 }))).toEqual([[83]])
  expect(ports()).toEqual([])
  expect(ports(sorry({ port: 83 }))).toEqual([])
})

test('the fallback answers for a service whose last container has gone', async () => {
  await using spare = await named('spare')
  await using proxy = await bed({ holdMs: 60_000 })
  proxy.catalog.set(catalogOf([web(), sorry({ port: spare.port })]))
  expect(proxy.proxy.routes()).toHaveLength(1)
  proxy.catalog.set(catalogOf([sorry({ port: spare.port })]))
  expect((await proxy.get()).body).toBe('spare')
})

test('the fallback answers while nobody is ready, at once, and no longer than that', async () => {
  await using real = await named('real')
  await using spare = await named('spare')
  await using proxy = await bed()
  const publish = (state: 'ready' | 'unhealthy') =>
    proxy.catalog.set(catalogOf([web({ port: real.port, state }), sorry({ port: spare.port })]))
  publish('unhealthy')
  expect((await proxy.get()).body).toBe('spare')
  const asked = { scheme: 'http', host: 'shop.test', port: proxy.port, path: '/' } as const
  expect(proxy.proxy.explain({ ...asked, query: '', method: 'GET' })).toMatchObject({
    status: undefined,
    why: 'nobody is ready: its fallback shop/sorry answers',
  })
  publish('ready')
  expect((await proxy.get()).body).toBe('real')
  await real.close()
  // a connect that fails leaves nobody either
  expect((await proxy.get()).body).toBe('spare')
})
