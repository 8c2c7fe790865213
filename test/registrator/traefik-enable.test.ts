import { expect, test } from 'vitest'

import { container, register, settings } from './containers.ts'
import { declare, http, type Labels, routesOf, rule } from './traefik.ts'

test.for<[string, Labels, string[]]>([
  ['by default the service and project', { 'traefik.enable': 'true' }, ['Host(`web-shop`)']],
  ['without traefik.enable nothing', { 'traefik.http.middlewares.x.compress': 'true' }, []],
  [
    'of several services none',
    http({
      'services.x.loadbalancer.server.port': '1',
      'services.y.loadbalancer.server.port': '2',
    }),
    [],
  ],
])('default rule: %s', ([, labels, rules]) => {
  expect(routesOf(labels).map((route) => route.rule)).toEqual(rules)
})

test.for<[string, string | undefined]>([
  ['Host(`{{ .ContainerName }}.x`)', 'Host(`shop-web-1.x`)'],
  ['Host(`{{ normalize (index .Labels "com.docker.compose.service") }}.x`)', 'Host(`web.x`)'],
  ['Host(`{{ index .Labels `com.docker.compose.project` | normalize }}`)', 'Host(`shop`)'],
  ['Host(`{{ .Name | upper }}`)', undefined],
  ['Host(`{{ index .Labels "none" }}`)', undefined],
])('with the default rule %s a container gets %s', ([defaultRule, made]) => {
  const given = { ...settings, traefik: { defaultRule } }
  const { routes, problems } = declare({ 'traefik.enable': 'true' }, given)
  expect(routes.map(({ route }) => [route.rule, route.source])).toEqual(
    made ? [[made, 'default']] : [],
  )
  expect(problems).toHaveLength(made ? 0 : 1)
})

test('traefik.enable=false: registered, and not routed, not even by default', () => {
  const one = container({ labels: { ...http(rule), 'traefik.enable': 'false' } })
  const { instances, problems } = register(one, { ...settings, exposeAll: true })
  expect(instances.map(({ routes }) => routes)).toEqual([[]])
  expect(problems).toEqual([])
})

test('a router is enough, unless the settings say in Traefik’s words that it is not', () => {
  const labels = { 'traefik.http.routers.web.rule': 'Host(`a`)' }
  expect(routesOf(labels)).toHaveLength(1)
  const strict = { ...settings, traefik: { exposedByDefault: false } }
  expect(routesOf(labels, strict)).toEqual([])
  expect(declare(labels, strict).problems).toMatchObject([{ severity: 'note' }])
  expect(routesOf({ ...labels, 'traefik.enable': 'true' }, strict)).toHaveLength(1)
})

test('a word after traefik.enable that is neither closes', () => {
  const { routes, problems } = declare({ ...http(rule), 'traefik.enable': 'ture' })
  expect(routes).toEqual([])
  expect(problems).toHaveLength(1)
})

test('the network of a label, else that of the settings where the container is on it', () => {
  const given = (network: string) => ({ ...settings, traefik: { network } })
  expect(declare({ ...http(rule), 'traefik.docker.network': 'edge' }).network).toBe('edge')
  expect(declare(http(rule), given('shop_default')).network).toBe('shop_default')
  expect(declare(http(rule), given('elsewhere')).network).toBeUndefined()
})
