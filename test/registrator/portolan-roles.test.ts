import { expect, test } from 'vitest'

import { container, own, register } from './containers.ts'

/** The TCP routes of a container with these labels, with their roles, and what is wrong. */
function routesOf(labels: Readonly<Record<string, string>>) {
  const { instances, problems } = register(container({ labels: own(labels) }))
  const routes = instances.flatMap((one) => one.routes).filter(({ kind }) => kind === 'tcp')
  return {
    roles: Object.fromEntries(routes.map(({ entrypoints, role }) => [entrypoints.join(), role])),
    probe: instances[0]?.policy.probe?.kind,
    problems: problems.map(({ what, why }) => `${what}: ${why}`),
  }
}

test('one container has a route for each role, and one probe', () => {
  const labels = {
    probe: 'postgres',
    'routes.rw.tcp': 'pg',
    'routes.rw.role': 'primary',
    'routes.ro.tcp': 'pg-ro',
    'routes.ro.role': 'prefer-replica',
  }
  expect(routesOf(labels)).toEqual({
    roles: { pg: 'primary', 'pg-ro': 'prefer-replica' },
    probe: 'postgres',
    problems: [],
  })
})

test('a role that is said in general holds for routes that say none', () => {
  const labels = { role: 'primary', probe: 'redis', 'routes.a.tcp': 'a', 'routes.b.tcp': 'b' }
  const { roles } = routesOf({ ...labels, 'routes.b.role': 'any' })
  expect(roles).toEqual({ a: 'primary', b: 'any' })
})

test.for<readonly [Readonly<Record<string, string>>, RegExp]>([
  [{ role: 'primary' }, /role="primary".*nobody asks/],
  [{ role: 'primary', probe: 'oracle' }, /probe="oracle"/],
  [{ role: 'king', probe: 'redis' }, /role="king"/],
])('%j: a role that nobody can tell opens nothing', ([labels, problem]) => {
  const { roles, problems } = routesOf({ tcp: 'db', ...labels })
  expect(roles).toEqual({})
  expect(problems).toEqual([expect.stringMatching(problem)])
})

test('whoever it is may have a route of role any without a probe', () => {
  expect(routesOf({ tcp: 'db', role: 'any' })).toMatchObject({ roles: { db: undefined } })
})

test('how a probe logs in is not shown in problems', () => {
  const { problems } = routesOf({
    tcp: 'db',
    role: 'primary',
    probe: 'redis',
    'probe.user': 'x'.repeat(300),
    'probe.password-file': 'y'.repeat(300),
  })
  expect(problems).toHaveLength(2)
  expect(problems.join()).not.toMatch(/xx|yy/)
})
