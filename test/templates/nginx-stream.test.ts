import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'

import { expect, onTestFinished, test } from 'vitest'

import type { Instance } from '../../src/core/instance.ts'
import { tempFolder } from '../confd/scene.ts'
import { containerId, instance } from '../core/samples.ts'
import { freePort } from '../free-port.ts'
import { libraryPath, listening, ran, renderLibrary, started } from './scene.ts'

const label = (nginx_stream_port: string) => ({ attributes: { nginx_stream_port } })

/** The file, with the `nginx.conf` that comes with it, once nginx has found both good. */
async function checked(...instances: Instance[]) {
  const text = await renderLibrary('nginx-stream', instances)
  const folder = await tempFolder()
  await folder.write('stream.d/portolan.conf', text)
  const main = await readFile(libraryPath('nginx-stream', 'nginx.conf'), 'utf8')
  const here = main
    .replace('/etc/nginx/stream.d', folder.at('stream.d'))
    // Debian's has the module as a file
    .replace(/^# (?=load_module )/m, `pid ${folder.at('pid')};\n`)
    .replace('modules/', '/usr/lib/nginx/modules/')
  await folder.write('nginx.conf', here)
  const args = ['-p', folder.root, '-c', folder.at('nginx.conf')]
  const { code, said } = await ran('nginx', ['-t', ...args])
  const good = { code: 0, said: expect.not.stringMatching(/\[(warn|emerg)\]/) }
  expect({ code, said, text }).toMatchObject(good)
  return { text, args }
}

/** A container on the loopback. */
const at = (ip: string, port: number, fields: Partial<Instance> = {}) =>
  instance({
    protocol: 'tcp',
    port,
    container: containerId(String(port)),
    addresses: [{ network: 'n', ip }],
    ...fields,
  })

/** Says its name to everybody who connects. */
const saying = (name: string) => createServer((socket) => void socket.end(name))

async function heard(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  let text = ''
  const { promise, resolve } = Promise.withResolvers<string>()
  socket.on('data', (part: string) => (text += part))
  socket.on('error', (error) => (text = error.message)).on('close', () => resolve(text))
  return promise
}

test('connections and datagrams reach what the labels say', async () => {
  const one = await listening(saying('one'))
  const six = await listening(saying('six'), '::1')
  const dns = createSocket('udp4')
  dns.on('message', (text, { port, address }) => dns.send(`re: ${text.toString()}`, port, address))
  dns.bind(0, '127.0.0.1')
  await once(dns, 'listening')
  onTestFinished(() => void dns.close())
  const [tcpPort, udpPort, emptyPort] = [await freePort(), await freePort(), await freePort()]
  const { args } = await checked(
    at('127.0.0.1', one, label(String(tcpPort))),
    at('::1', six, label(` ${tcpPort}`)),
    at('127.0.0.1', dns.address().port, {
      ...label(String(udpPort)),
      service: 'dns',
      protocol: 'udp',
    }),
    at('127.0.0.1', 1, { ...label(String(emptyPort)), service: 'away', state: 'unhealthy' }),
  )
  started('nginx', [...args, '-g', 'daemon off;'])
  await expect.poll(() => heard(tcpPort)).toMatch(/^(one|six)$/)
  const all = await Promise.all(Array.from({ length: 8 }, () => heard(tcpPort)))
  expect(new Set(all)).toEqual(new Set(['one', 'six']))
  expect(await heard(emptyPort)).toContain('ECONNREFUSED')

  const client = createSocket('udp4')
  onTestFinished(() => void client.close())
  const answers: string[] = []
  client.on('message', (text) => answers.push(text.toString()))
  client.send('who', udpPort, '127.0.0.1')
  await expect.poll(() => answers).toEqual(['re: who'])
})

test('shares of connections are the weights', async () => {
  const [a, b] = [await freePort(), await freePort()]
  const { text } = await checked(
    at('10.0.0.1', 5432, { ...label(`${a}`), weight: 3 }),
    at('fd00::2', 5432, { ...label(`${a},${b}`), weight: 0, container: containerId('b') }),
  )
  expect(text).toContain(
    `upstream tcp-${a} {\n    server 10.0.0.1:5432 weight=3;\n    server [fd00::2]:5432 down;\n}`,
  )
  expect(text).toContain(`upstream tcp-${b} {\n    server [fd00::2]:5432 down;\n}`)
})

test('whatever a label says, it harms only its own port', async () => {
  const port = String(await freePort())
  const evil = '5432; } evil {\n}$x"'
  const { text } = await checked(
    at('10.0.0.1', 1, label(port)),
    at('10.0.0.2', 2, { ...label(evil), service: 'bad' }),
    at('10.0.0.3', 3, { ...label('65536, 0, -1,'), service: 'far' }),
    at('10.0.0.4', 4, { ...label(port), service: 'zweit' }),
  )
  expect(text.match(/listen .*;/g)).toEqual([`listen ${port};`])
  expect(text).toContain(String.raw`# tcp "5432; } evil {\n}$x\"" of ["shop/bad"]`)
  expect(text).toContain(`"${port}" of ["shop/web","shop/zweit"]: the first one has it`)
  expect(text.match(/# is no port: left out/g)).toHaveLength(5)
  expect(text).not.toContain('10.0.0.4')
})

test('with nobody ready there is no port, and without the label the last file stays', async () => {
  const { text } = await checked(at('10.0.0.1', 1, { ...label('5432'), state: 'starting' }))
  expect(text).not.toContain('listen')
  await expect(renderLibrary('nginx-stream', [instance()])).rejects.toThrow(
    'no container has the label SERVICE_NGINX_STREAM_PORT; the last file stays',
  )
})
