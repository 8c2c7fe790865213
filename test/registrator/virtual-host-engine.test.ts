import { randomUUID } from 'node:crypto'

import { expect, test } from 'vitest'

import { findSocket } from '../../src/docker/socket.ts'
import { watching } from '../docker/watching.ts'
import { startContainer } from '../e2e/docker.ts'
import { register } from './containers.ts'

const environment = {
  SERVICE_NAME: 'front',
  SERVICE_8080_NAME: 'admin',
  SERVICE_ACCOUNT: 'a secret',
  VIRTUAL_HOST: 'a.localhost,*.a.localhost',
  VIRTUAL_PORT: '8000',
  VIRTUAL_HOST_PASSWORD: 'a secret',
}

test('a container as nginx-proxy and registrator know it, from a real engine', async () => {
  const variables = Object.entries(environment).flatMap(([name, text]) => ['-e', `${name}=${text}`])
  await using box = await startContainer(`dialects-${randomUUID().slice(0, 8)}`, {
    labels: { SERVICE_TAGS: String.raw`a\,b,c`, SERVICE_8000_CHECK_HTTP: '/ok' },
    options: [...variables, '--expose', '8000', '--expose', '8080', '--expose', '53/udp'],
    command: ['sleep', '60'],
  })
  await using watch = watching({ host: findSocket(process.env) })
  const found = await watch.container(box.id, (one) => one !== undefined)
  if (!found) throw new Error('the container is gone')
  const { instances, problems } = register(found)
  expect(problems).toEqual([])
  expect(instances).toMatchObject([
    { port: 53, protocol: 'udp', service: 'front', tags: ['a,b', 'c', 'udp'], routes: [] },
    {
      port: 8000,
      protocol: 'http',
      service: 'front',
      tags: ['a,b', 'c'],
      routes: [{ rule: 'Host(`a.localhost`)' }, { rule: 'Host(`**.a.localhost`)' }],
      policy: { health: { kind: 'http', path: '/ok' } },
    },
    { port: 8080, service: 'admin', routes: [], policy: { health: null } },
  ])
  expect(JSON.stringify(found)).not.toContain('a secret')
})
