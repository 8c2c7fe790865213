import { expect, test } from 'vitest'

import { plainRequest } from '../../../src/core/rule/request.ts'
import { match } from '../../../src/proxy/table/match.ts'
import { nobody, type Own } from '../../../src/proxy/table/own.ts'
import { routeTable } from '../../../src/proxy/table/table.ts'
import { catalogOf, instance, vantage, written } from '../bed.ts'
import { database } from './bed.ts'

const own: Own = {
  ...nobody,
  listeners: [
    { entrypoint: 'http', kind: 'http', host: '::', port: 7080 },
    { entrypoint: 'https', kind: 'https', host: '::', port: 7443 },
    { entrypoint: 'db', kind: 'tcp', host: '::', port: 7432 },
  ],
}

type Instances = Parameters<typeof catalogOf>[0]

function problemsOf(...instances: Instances) {
  return routeTable(catalogOf(instances), vantage, own).problems
}

test('one rule is one route, with all instances that declare it', () => {
  const other = { container: 'b'.repeat(64), name: 'shop-db-2' }
  const { table, problems } = routeTable(
    catalogOf([database({ port: 5432 }), database({ ...other, port: 5433 })]),
    vantage,
    own,
  )
  expect(problems).toEqual([])
  expect(table.routes).toHaveLength(1)
  expect(table.routes[0]).toMatchObject({
    service: 'shop/db',
    entrypoint: 'db',
    tcp: { tls: null, gates: [], proxyProtocol: null },
  })
  expect(table.routes[0]?.targets.map(({ port }) => port)).toEqual([5432, 5433])
})

test('of two services that want all of an entrypoint the older one has it', () => {
  const late = { createdAt: '2026-02-01T00:00:00Z', container: 'b'.repeat(64), name: 'late' }
  const problems = problemsOf(database(), database({ ...late, service: 'cache' }))
  expect(problems).toMatchObject([
    {
      where: 'container late',
      what: 'rule HostSNI(`*`) of service shop/cache is not used',
      remedy: expect.stringContaining('another entrypoint or name'),
    },
  ])
})

test('routes of connections and of requests with the same entrypoint and rule are two', () => {
  const rule = 'ClientIP(`10.0.0.0/8`)'
  const routes = [
    { rule, entrypoints: ['db'] },
    { rule, entrypoints: ['db'], kind: 'http' as const },
  ]
  const { table } = routeTable(catalogOf([database({ routes })]), vantage, nobody)
  expect(table.routes.filter(({ tcp }) => tcp)).toHaveLength(1)
  expect(table.routes).toHaveLength(2)
  expect(match(table.index, 'db', plainRequest('', '/', { ip: '10.0.0.1' }))?.route.tcp).toBe(
    undefined,
  )
})

test('a rule that asks for names is for TLS, whether that is said or not', () => {
  const of = (rule: string, tls: { passthrough: boolean; domains: string[] } | null = null) =>
    routeTable(catalogOf([database({ routes: [{ rule, tls }] })]), vantage, own).table.routes[0]
  expect(of('HostSNI(`a.test`)')?.tcp?.tls).toBe('passed')
  expect(of('HostSNI(`*`)')?.tcp?.tls).toBe(null)
  expect(of('HostSNI(`*`)', { passthrough: true, domains: [] })?.tcp?.tls).toBe('passed')
  expect(of('HostSNI(`*`)', { passthrough: false, domains: [] })?.tcp?.tls).toBe('ended')
})

test('a matcher of requests is a problem, and opens nothing', () => {
  const { table, problems } = routeTable(
    catalogOf([database({ rule: 'Host(`a`) && HostSNI(`*`)' })]),
    vantage,
    own,
  )
  expect(table.routes).toEqual([])
  expect(problems).toMatchObject([{ what: expect.stringContaining('matcher Host in rule') }])
})

test('an entrypoint that is not open, or speaks something else, is a problem with a remedy', () => {
  const at = (entrypoint: string) =>
    database({ routes: [{ rule: 'HostSNI(`*`)', entrypoints: [entrypoint] }] })
  expect(problemsOf(at('postgres'))).toMatchObject([
    {
      severity: 'warning',
      what: 'entrypoint postgres of route db is not open here',
      remedy: 'open it with --tcp postgres=:5432, or name one of those',
    },
  ])
  expect(problemsOf(at('http'))).toMatchObject([
    { severity: 'error', what: 'route db is for TCP, entrypoint http for HTTP' },
  ])
  const secure = instance({ routes: [{ rule: 'Host(`a`)', entrypoints: ['https'] }] })
  expect(problemsOf(secure)).toEqual([])
  const nowhere = instance({ routes: [{ rule: 'Host(`a`)', entrypoints: ['internal'] }] })
  expect(problemsOf(nowhere)).toMatchObject([{ remedy: 'name http or https' }])
  const web = instance({ routes: [{ rule: 'Host(`a`)', entrypoints: ['db'] }] })
  expect(problemsOf(web)).toMatchObject([
    { severity: 'error', what: 'route web is for HTTP, entrypoint db for TCP' },
  ])
})

test('what works with requests only is a problem, and the connections go on', () => {
  const sticky = { cookie: 'c', secure: false, httpOnly: true, path: '/' }
  const policy = { ...instance().policy, sticky, proxyProtocol: 2 as const }
  const { table, problems } = routeTable(catalogOf([database({ policy })]), vantage, own)
  expect(table.routes[0]).toMatchObject({ closed: undefined, tcp: { proxyProtocol: 2 } })
  expect(problems.map(({ what }) => what)).toContain(
    'a sticky cookie on a TCP route is not supported yet',
  )
})

test('a hand-written route of TCP needs no kind if its endpoints say it', () => {
  const db = { entrypoints: ['db'], rule: 'HostSNI(`*`)' }
  const routes = written({
    fixed: { ...db, endpoints: [{ protocol: 'tcp', ip: '10.0.0.9', port: 5432 }] },
    'to-db': { ...db, kind: 'tcp', rule: 'HostSNI(`a.test`)', service: 'db' },
  })
  const { table } = routeTable(
    catalogOf([database({ port: 5432, routes: [] }), database({ port: 9100, routes: [] })], {
      routes,
    }),
    vantage,
    own,
  )
  const shown = table.routes.map(({ name, tcp, targets }) => [
    name,
    tcp?.tls,
    targets.map(({ identity, ip, port }) => [identity.slice(0, 3), `${ip}:${port}`]),
  ])
  expect(shown).toEqual([
    ['fixed', null, [['tcp', '10.0.0.9:5432']]],
    ['to-db', 'passed', [['aaa', '127.0.0.1:5432']]],
  ])
})
