import { spawn } from 'node:child_process'

import { expect, onTestFinished, test } from 'vitest'

import type { Instance } from '../../src/core/instance.ts'
import { tempFolder } from '../confd/scene.ts'
import { containerId, instance } from '../core/samples.ts'
import { freePort } from '../free-port.ts'
import { ran, renderLibrary } from './scene.ts'

/** Asks a Sentinel that has started with the file. */
async function started(...instances: Instance[]) {
  const text = await renderLibrary('redis-sentinel', instances)
  const folder = await tempFolder()
  await folder.write('sentinel.conf', text)
  const port = String(await freePort())
  const args = [folder.at('sentinel.conf'), '--sentinel', '--port', port, '--bind', '127.0.0.1']
  const child = spawn('redis-server', args, { cwd: folder.root, stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ask = async (...words: string[]) =>
    (await ran('redis-cli', ['-p', port, 'sentinel', ...words])).said.trimEnd()
  return { text, ask }
}

/** One whose port refuses on the loopback. */
const redis = (ordinal: number, fields: Partial<Instance> = {}) =>
  instance({
    container: containerId(String(ordinal)),
    ordinal,
    protocol: 'tcp',
    port: 1,
    addresses: [{ network: 'n', ip: `127.0.0.${ordinal}` }],
    attributes: { sentinel_master: 'shop' },
    ...fields,
  })

test('the first of a group is its master, the others are replicas, ready or not', async () => {
  const attributes = { sentinel_master: 'cart', sentinel_quorum: '1' }
  const { ask } = await started(
    redis(3),
    redis(1, { state: 'unhealthy' }),
    redis(2),
    redis(9, { addresses: [], node: 'a' }),
    redis(4, { service: 'cart', attributes }),
    redis(5, { service: 'unasked', attributes: {} }),
  )
  const masterOf = (name: string) => ask('get-master-addr-by-name', name)
  await expect.poll(() => masterOf('shop')).toBe('127.0.0.1\n1')
  expect(await masterOf('cart')).toBe('127.0.0.4\n1')
  const replicas = await ask('replicas', 'shop')
  expect(replicas.match(/(?<=\nip\n)\S+/g)?.toSorted()).toEqual(['127.0.0.2', '127.0.0.3'])
  expect(await ask('master', 'shop')).toMatch(/\nquorum\n2\n/)
})

test('whatever a label says, it harms only its own group', async () => {
  const evil = { sentinel_master: 'x\nsentinel monitor evil 127.0.0.6 1 1' }
  const { ask, text } = await started(
    redis(1),
    redis(2, { service: 'b', attributes: evil }),
    redis(3, { service: 'c', attributes: { sentinel_master: 'c', sentinel_quorum: 'many' } }),
  )
  await expect.poll(() => ask('get-master-addr-by-name', 'shop')).toBe('127.0.0.1\n1')
  expect((await ask('masters')).match(/(?<=^name\n)\S+/gm)).toEqual(['shop'])
  expect(text).toContain('# its quorum "many" is no number: left out')
})

test('if nobody has the label the last file stays', async () => {
  const none = renderLibrary('redis-sentinel', [instance()])
  await expect(none).rejects.toThrow('the last file stays')
})
