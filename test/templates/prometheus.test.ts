import { expect, test } from 'vitest'
import { z } from 'zod'

import type { Instance } from '../../src/core/instance.ts'
import { containerId, instance } from '../core/samples.ts'
import { renderLibrary } from './scene.ts'

/** What file_sd_config documents, and what Prometheus says a target and a label's name are. */
const groups = z.array(
  z.strictObject({
    targets: z.array(z.string().regex(/^([\w.-]+|\[[0-9a-f:]+\]):\d{1,5}$/)).min(1),
    labels: z.record(z.string().regex(/^[a-zA-Z_]\w*$/), z.string()),
  }),
)

async function checked(...instances: Instance[]) {
  return groups.parse(JSON.parse(await renderLibrary('prometheus', instances)))
}

const attributes = { metrics_path: '/metrics' }

test('each instance is a target, also one that is down', async () => {
  const found = await checked(
    instance({ attributes }),
    instance({
      attributes: { ...attributes, metrics_port: '9100' },
      container: containerId('2'),
      node: 'h2',
      protocol: 'https',
      state: 'unhealthy',
      addresses: [{ network: 'n', ip: 'fd00::1' }],
    }),
    instance({ service: 'unasked' }),
    instance({ service: 'unreachable', attributes, addresses: [] }),
  )
  const labels = { __metrics_path__: '/metrics', service: 'shop/web', container: 'shop-web-1' }
  expect(found).toEqual([
    { targets: ['172.18.0.3:3000'], labels: { ...labels, __scheme__: 'http', node: 'h1' } },
    { targets: ['[fd00::1]:9100'], labels: { ...labels, __scheme__: 'https', node: 'h2' } },
  ])
})

test('whatever a label says is a text, and a port that is none is left out', async () => {
  const path = '/"}],\n{{ getenv("HOME") }}'
  const found = await checked(
    instance({ attributes: { metrics_path: path } }),
    instance({ service: 'bad', attributes: { ...attributes, metrics_port: '1", "x' } }),
  )
  expect(found.map(({ labels }) => labels['__metrics_path__'])).toEqual([path])
})

test('if nobody has the label the last file stays', async () => {
  await expect(renderLibrary('prometheus', [instance()])).rejects.toThrow('the last file stays')
})
