import { expect, test } from 'vitest'

import type { Instance } from '../../src/core/instance.ts'
import { tempFolder } from '../confd/scene.ts'
import { containerId, instance } from '../core/samples.ts'
import { ran, renderLibrary } from './scene.ts'

const host = (name: string) => ({ attributes: { nginx_host: name } })

/** The file, once nginx has found it good. */
async function checked(...instances: Instance[]): Promise<string> {
  const text = await renderLibrary('nginx', instances)
  const folder = await tempFolder()
  // its check listens for a moment: not on port 80, which may be forbidden or somebody else's
  const elsewhere = text.replaceAll(/^ {4}listen 80;$/gm, `    listen unix:${folder.at('socket')};`)
  await folder.write('portolan.conf', elsewhere)
  const main =
    `pid ${folder.at('pid')};\nerror_log stderr;\nevents {}\n` +
    `http { access_log off; include ${folder.at('portolan.conf')}; }\n`
  await folder.write('nginx.conf', main)
  const { code, said } = await ran('nginx', [
    '-t',
    '-p',
    folder.root,
    '-c',
    folder.at('nginx.conf'),
  ])
  expect({ code, said, text }).toMatchObject({
    code: 0,
    said: expect.not.stringContaining('[warn]'),
  })
  return text
}

test('each service is an upstream with its weights, each host a server', async () => {
  const one = instance(host('shop.example.com, *.shop.example.com'))
  const two = instance({
    ...host('shop.example.com'),
    container: containerId('2'),
    ordinal: 2,
    weight: 3,
    addresses: [{ network: 'n', ip: 'fd00::1' }],
  })
  const tls = instance({ ...host('api.example.com'), service: 'api', protocol: 'https', weight: 0 })
  const unasked = instance({ service: 'db', protocol: 'tcp' })
  const text = await checked(one, two, tls, unasked)
  expect(text).toContain(
    'upstream shop.web {\n    server 172.18.0.3:3000 weight=1;\n    server [fd00::1]:3000 weight=3;\n',
  )
  expect(text).toContain('upstream shop.api {\n    server 172.18.0.3:3000 down;\n')
  expect(text.match(/server_name .*;/g)).toEqual([
    'server_name "*.shop.example.com";',
    'server_name "api.example.com";',
    'server_name "shop.example.com";',
  ])
  expect(text.match(/proxy_pass .*;/g)).toEqual([
    'proxy_pass http://shop.web;',
    'proxy_pass https://shop.api;',
    'proxy_pass http://shop.web;',
  ])
  expect(text).not.toContain('shop.db')
})

test('a service without ready instances has no pool, and its host answers 503', async () => {
  const text = await checked(
    instance({ ...host('a.example.com'), state: 'unhealthy' }),
    instance({ ...host('b.example.com'), service: 'far', addresses: [] }),
  )
  expect(text).not.toContain('upstream')
  expect(text.match(/return 503;/g)).toHaveLength(2)
})

test('whatever a label says, it harms only its own host', async () => {
  const text = await checked(
    instance(host('good.example.com')),
    instance({ ...host('x; } evil {\n}$host"'), service: 'bad' }),
    instance({ ...host('good.example.com'), service: 'zweit', project: '-' }),
    instance({ ...host('names.example.com'), service: 'a b;{$x', project: '-' }),
    instance({ ...host('dots.example.com'), service: 'shop.web', project: '-' }),
  )
  expect(text.match(/server_name .*;/g)).toEqual([
    'server_name "dots.example.com";',
    'server_name "good.example.com";',
    'server_name "names.example.com";',
  ])
  expect(text).toContain('"good.example.com" of ["shop/web","zweit"]: the first one has it')
  expect(text).toContain(String.raw`# "x; } evil {\n}$host\"" of ["shop/bad"]`)
  expect(text).toMatch(/upstream shop\.web-[0-9a-f]{8} \{/)
})

test('if nobody has the label the last file stays', async () => {
  await expect(renderLibrary('nginx', [instance()])).rejects.toThrow(
    'no container has the label SERVICE_NGINX_HOST; the last file stays',
  )
})
