import { rename } from 'node:fs/promises'
import { createServer, request } from 'node:http'

import { expect, onTestFinished, test } from 'vitest'

import type { Instance } from '../../src/core/instance.ts'
import { tempFolder } from '../confd/scene.ts'
import { containerId, instance } from '../core/samples.ts'
import { freePort } from '../free-port.ts'
import { listening, ran, renderLibrary, started } from './scene.ts'

const host = (name: string) => ({ attributes: { caddy_host: name } })

/** The configuration that Caddy makes of the file, once it has found it good. */
async function checked(...instances: Instance[]) {
  const text = await renderLibrary('caddy', instances)
  const folder = await tempFolder()
  await folder.write('Caddyfile', text)
  const { code, said } = await ran('caddy', [
    'adapt',
    '--validate',
    '--config',
    folder.at('Caddyfile'),
  ])
  expect({ code, said, text }).toMatchObject({ code: 0 })
  const hosts = [...said.matchAll(/"host":\["([^"]+)"\]/g)].map(([, name = '']) => name)
  const dials = [...said.matchAll(/"dial":"([^"]+)"/g)].map(([, address = '']) => address)
  return { text, said, hosts: hosts.toSorted(), dials: dials.toSorted() }
}

test('each host is a site, with the instances that are ready', async () => {
  const { hosts, dials, said } = await checked(
    instance(host('shop.example.com, *.shop.example.com')),
    instance({
      ...host('Shop.example.com'),
      container: containerId('2'),
      addresses: [{ network: 'n', ip: 'fd00::1' }],
    }),
    instance({ ...host('shop.example.com'), container: containerId('3'), weight: 0, port: 1 }),
    instance({ ...host('shop.example.com'), container: containerId('4'), state: 'draining' }),
    instance({ ...host('api.example.com'), service: 'api', protocol: 'https', port: 8443 }),
    instance({ ...host('rpc.example.com'), service: 'rpc', protocol: 'h2c', port: 9000 }),
    instance({ service: 'unasked', port: 2 }),
  )
  expect(hosts).toEqual([
    '*.shop.example.com',
    'api.example.com',
    'rpc.example.com',
    'shop.example.com',
  ])
  expect(dials).toEqual([
    '172.18.0.3:3000',
    '172.18.0.3:3000',
    '172.18.0.3:8443',
    '172.18.0.3:9000',
    '[fd00::1]:3000',
  ])
  expect(said).toContain('"insecure_skip_verify":true')
  expect(said).toContain('"versions":["h2c"]')
})

test('whatever a label says, it harms only its own host', async () => {
  const { hosts, dials, text } = await checked(
    instance(host('good.example.com')),
    instance({ ...host('x {$HOME} }\nevil.example.com {\nrespond "x"'), service: 'bad' }),
    instance({ ...host('*, a.*.b, :80, http://c,'), service: 'worse' }),
    instance({ ...host('good.example.com'), service: 'zweit', project: '-', port: 4 }),
    instance({ ...host('names.example.com'), service: 'a {$HOME} b;', project: '-', port: 5 }),
  )
  expect(hosts).toEqual(['good.example.com', 'names.example.com'])
  expect(dials).toEqual(['172.18.0.3:3000', '172.18.0.3:5'])
  expect(text).toContain('"good.example.com" of ["shop/web","zweit"]: the first one has it')
  expect(text.match(/# is no host name: left out/g)).toHaveLength(6)
  expect(text).not.toContain('{$')
})

test('if nobody has the label the last file stays', async () => {
  await expect(renderLibrary('caddy', [instance()])).rejects.toThrow(
    'no container has the label SERVICE_CADDY_HOST; the last file stays',
  )
})

test('a Caddy that runs follows the file', async () => {
  const folder = await tempFolder()
  const port = await freePort()
  const backend = (name: string) => listening(createServer((_, answer) => answer.end(name)))
  const [one, two] = [await backend('one'), await backend('two')]
  /** Writes the file as we do: renamed into its place. Plain HTTP, on a port that is free. */
  async function publish(...fields: Partial<Instance>[]) {
    const all = fields.map((some) =>
      instance({
        ...host('shop.example.com'),
        addresses: [{ network: 'n', ip: '127.0.0.1' }],
        ...some,
      }),
    )
    const text = await renderLibrary('caddy', all)
    const plain = text
      .replace(/^shop\.example\.com \{/m, `http://shop.example.com:${port} {`)
      .replace('# email', 'admin off\n\t# email')
    await folder.write('staged', plain)
    await rename(folder.at('staged'), folder.at('Caddyfile'))
  }
  await publish({ port: one })
  const args = ['run', '--watch', '--adapter', 'caddyfile', '--config', folder.at('Caddyfile')]
  const env = { ...process.env, XDG_DATA_HOME: folder.root, XDG_CONFIG_HOME: folder.root }
  const { said } = started('caddy', args, { cwd: folder.root, env })
  onTestFinished(({ task }) => {
    if (task.result?.state === 'fail') console.error(said())
  })
  await expect.poll(() => asked(port)).toBe('200 one')
  await publish({ port: two })
  await expect.poll(() => asked(port)).toBe('200 two')
  await publish({ port: two, state: 'unhealthy' })
  await expect.poll(() => asked(port)).toBe('503 ')
  await publish({ port: await freePort() }, { port: one, container: containerId('2') })
  await expect.poll(() => asked(port)).toBe('200 one')
  // the one that refuses is passed over
  const all = await Promise.all(Array.from({ length: 5 }, () => asked(port)))
  expect(new Set(all)).toEqual(new Set(['200 one']))
})

async function asked(port: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const headers = { host: `shop.example.com:${port}` }
  const sent = request({ host: '127.0.0.1', port, headers, agent: false }, (answer) => {
    let text = ''
    answer.setEncoding('utf8').on('data', (part: string) => (text += part))
    answer.on('end', () => resolve(`${answer.statusCode} ${text}`))
  })
  sent.on('error', (error) => resolve(error.message)).end()
  return promise
}
