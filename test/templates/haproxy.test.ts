import { expect, test } from 'vitest'

import type { Instance } from '../../src/core/instance.ts'
import { tempFolder } from '../confd/scene.ts'
import { containerId, instance } from '../core/samples.ts'
import { ran, renderLibrary } from './scene.ts'

const host = (name: string) => ({ attributes: { haproxy_host: name } })
const port = (number: string) => ({ service: 'db', attributes: { haproxy_port: number } })

/** The file, once HAProxy has found it good. */
async function checked(...instances: Instance[]): Promise<string> {
  const text = await renderLibrary('haproxy', instances)
  const folder = await tempFolder()
  await folder.write('haproxy.cfg', text)
  const { code, said } = await ran('haproxy', ['-c', '-f', folder.at('haproxy.cfg')])
  expect({ code, said, text }).toMatchObject({
    code: 0,
    said: expect.not.stringMatching(/WARNING|ALERT/),
  })
  return text
}

const serversOf = (text: string) => text.match(/(?<=^ {4}server ).*/gm)

test('hosts lead to backends, ports to listeners, each with its weights', async () => {
  const two = { container: containerId('2'), node: 'h2' }
  const text = await checked(
    instance(host('shop.example.com, *.shop.example.com')),
    instance({ ...host('shop.example.com'), ...two, weight: 1000, protocol: 'https' }),
    instance({ ...port('5432'), name: 'db', protocol: 'tcp', weight: 0 }),
    instance({ service: 'unasked' }),
  )
  expect(text.match(/use_backend .*/g)).toEqual([
    `use_backend http-shop.web if { req.hdr(host),field(1,:) -i -m end '.shop.example.com' }`,
    `use_backend http-shop.web if { req.hdr(host),field(1,:) -i -m str 'shop.example.com' }`,
  ])
  expect(serversOf(text)).toEqual([
    'h1.shop-web-1.3000 172.18.0.3:3000 weight 1 check',
    'h2.shop-web-1.3000 172.18.0.3:3000 weight 256 ssl verify none check',
    'h1.db.3000 172.18.0.3:3000 weight 0 check',
  ])
  expect(text).toContain('listen tcp-5432\n    bind :5432\n    mode tcp\n')
  expect(text).not.toContain('unasked')
})

test('who has nobody ready has no servers', async () => {
  const text = await checked(
    instance({ ...host('a.example.com'), state: 'starting' }),
    instance({ ...port('5432'), state: 'unhealthy' }),
  )
  expect(serversOf(text)).toBeNull()
  expect(text).toContain('http-request return status 503')
  await checked(instance({ ...port('5432'), addresses: [] }))
})

test('whatever a label says, it harms only its own host or port', async () => {
  const text = await checked(
    instance(host('good.example.com')),
    instance({ ...host(`a' }\nlisten evil "\${HOME}`), service: 'bad', name: 'x y\n"' }),
    instance({ ...host('good.example.com'), service: 'zweit', name: 'z' }),
    instance(port('70000')),
    instance({ ...port('1 }\n'), service: 'db2' }),
    instance({ ...port('6379'), service: 'cache', name: 'cache' }),
    instance({ ...port('6379'), service: 'other', name: 'other' }),
  )
  expect(text.match(/use_backend .*/g)).toHaveLength(1)
  expect(text).toContain('"good.example.com" of ["shop/web","shop/zweit"]: the first one has it')
  expect(text.match(/bind .*/g)).toEqual(['bind :80', 'bind :6379'])
  expect(text).toContain('# port "70000" of ["shop/db"]\n# is no port: left out')
  expect(text).not.toMatch(/^ *listen evil/m)
  expect(serversOf(text)).not.toContainEqual(expect.stringContaining('other'))
})

test('if nobody has a label the last file stays', async () => {
  await expect(renderLibrary('haproxy', [instance()])).rejects.toThrow('the last file stays')
})
