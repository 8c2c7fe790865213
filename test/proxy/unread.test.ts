import { expect, test } from 'vitest'

import { routeTable } from '../../src/proxy/table/table.ts'
import { compose, container, register } from '../registrator/containers.ts'
import { catalogOf, vantage } from './bed.ts'

const traefik = {
  'traefik.enable': 'true',
  'traefik.http.routers.web.rule': 'Host(`a.test`)',
}

test.each<[string, Record<string, string>, string]>([
  [
    'ours',
    { 'portolan.host': 'a.test', 'portolan.allow-ip': 'everybody' },
    "label portolan.allow-ip can't be read",
  ],
  [
    'ours of one route',
    { 'portolan.routes.a.host': 'a.test', 'portolan.routes.a.basic-auth': 'joe' },
    "label portolan.a.basic-auth can't be read",
  ],
  [
    'ours on a TCP route',
    { 'portolan.tcp': 'db', 'portolan.in-flight': 'few' },
    "label portolan.in-flight can't be read",
  ],
  [
    "Traefik's",
    {
      ...traefik,
      'traefik.http.routers.web.middlewares': 'all',
      'traefik.http.middlewares.all.chain.middlewares': 'slow',
      'traefik.http.middlewares.slow.ratelimit.average': 'many',
    },
    "label traefik.http.middlewares.slow can't be read",
  ],
  [
    "Traefik's in a file",
    { ...traefik, 'traefik.http.routers.web.middlewares': 'auth@file' },
    "label traefik.http.routers.web.middlewares can't be read",
  ],
])('a bad middleware label closes the route, and is one problem: %s', (_, labels, closed) => {
  const { instances, problems } = register(container({ labels: { ...compose, ...labels } }))
  const made = routeTable(catalogOf(instances), vantage)
  expect(made.table.routes.length).toBeGreaterThan(0)
  for (const route of made.table.routes) expect(route.closed).toBe(closed)
  expect([...problems, ...made.problems]).toMatchObject([
    { severity: 'error', why: expect.stringMatching(/answer 503|are closed/) },
  ])
})
