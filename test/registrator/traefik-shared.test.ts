import { expect, test } from 'vitest'

import { instancesOf, type InstanceSettings } from '../../src/registrator/instances.ts'
import { container, settings } from './containers.ts'

type Labels = Readonly<Record<string, string>>

/** What a container with these labels, which begin with `traefik.`, gives. */
function registered(labels: Labels, given: InstanceSettings = settings) {
  const all = Object.entries(labels).map(([name, value]) => [`traefik.${name}`, value])
  return instancesOf(container({ labels: Object.fromEntries(all) }), given)
}

const middleware = { 'http.middlewares.Auth.basicauth.users': 'joe:x' }

test('middlewares and services are defined for others, by full names in lower case', () => {
  const { definition, problems } = registered({
    ...middleware,
    'tcp.middlewares.few.inflightconn.amount': '3',
    'http.services.Web.loadbalancer.server.port': '8080',
    'http.services.usual.loadbalancer.passhostheader': 'true',
    'http.routers.web.rule': 'Host(`a`)',
    'tcp.services.db.loadbalancer.server.port': '5432',
  })
  expect(problems).toEqual([])
  expect(definition).toMatchObject({
    v: 1,
    node: 'h1',
    name: 'shop-web-1',
    middlewares: {
      'auth@docker': { basicAuth: {} },
      'tcp.few@docker': { inFlight: { amount: 3 } },
    },
    services: { 'web@docker': 8080, 'usual@docker': 3000, 'tcp.db@docker': 5432 },
    routes: [],
  })
})

test('a router of a service that others declare is no route of this container', () => {
  const { definition, instances, problems } = registered({
    'http.routers.admin.rule': 'Host(`a`)',
    'http.routers.admin.service': 'Other@docker',
  })
  expect(problems).toEqual([])
  expect(instances.flatMap(({ instance }) => instance.routes)).toEqual([])
  expect(definition?.routes).toMatchObject([
    { service: 'other@docker', route: { name: 'admin', rule: 'Host(`a`)' } },
  ])
})

test('a middleware of others stays in the list of the route', () => {
  const { instances, problems } = registered({
    'http.routers.web.rule': 'Host(`a`)',
    'http.routers.web.middlewares': 'auth,limit@docker',
  })
  expect(problems).toEqual([])
  expect(instances[0]?.instance.routes[0]?.middlewares).toEqual(['auth@docker', 'limit@docker'])
})

test.for<[string, Labels, InstanceSettings, boolean]>([
  ['middlewares alone', middleware, settings, true],
  ['with enable=false nothing', { ...middleware, enable: 'false' }, settings, false],
  [
    'not where only what is enabled counts',
    middleware,
    { ...settings, traefik: { exposedByDefault: false } },
    false,
  ],
  ['no labels of Traefik', {}, settings, false],
  ['a network alone', { 'docker.network': 'x' }, settings, false],
])('defined for others: %s', ([, labels, given, expected]) => {
  const { definition, instances } = registered(labels, given)
  expect(definition !== undefined).toBe(expected)
  expect(instances.flatMap(({ instance }) => instance.routes)).toEqual([])
})
