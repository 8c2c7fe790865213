import { readFile, rename } from 'node:fs/promises'
import { createServer, request, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'

import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'

import type { Instance } from '../../src/core/instance.ts'
import { envoyPath, hasEnvoy } from '../bed/envoy.ts'
import { tempFolder } from '../confd/scene.ts'
import { containerId, instance } from '../core/samples.ts'
import { freePort } from '../free-port.ts'
import { libraryPath, listening, renderAll, started } from './scene.ts'

/** No package of Debian or npm has it. */
const withEnvoy = test.runIf(hasEnvoy())

const host = (name: string) => ({ attributes: { envoy_host: name } })

/** A container on the loopback. */
const at = (port: number, fields: Partial<Instance> = {}) =>
  instance({
    ...host('shop.example.com'),
    container: containerId(String(port)),
    port,
    addresses: [{ network: 'n', ip: '127.0.0.1' }],
    ...fields,
  })

/** An Envoy that runs with the `envoy.yaml` that comes with the files; `publish` renames others into their places. */
async function running(...instances: Instance[]) {
  const folder = await tempFolder()
  const [port, admin] = [await freePort(), await freePort()]
  const base = await readFile(libraryPath('envoy', 'envoy.yaml'), 'utf8')
  const address = `{ socket_address: { address: 127.0.0.1, port_value: ${admin} } }`
  const here = base
    .replaceAll('/etc/envoy/portolan', folder.at('portolan'))
    .replace(
      'address: "::", port_value: 8080, ipv4_compat: true',
      `address: 127.0.0.1, port_value: ${port}`,
    )
  await folder.write('envoy.yaml', `${here}admin: { address: ${address} }\n`)
  async function publish(...some: Instance[]) {
    for (const [name, text] of await renderAll('envoy', some)) {
      await folder.write(`portolan/.${name}.staged`, text)
      await rename(folder.at(`portolan/.${name}.staged`), folder.at(`portolan/${name}`))
    }
  }
  await publish(...instances)
  const flags = ['--concurrency', '1', '--use-dynamic-base-id', '--log-level', 'warning']
  const { said } = started(envoyPath(), ['-c', folder.at('envoy.yaml'), ...flags])
  onTestFinished(({ task }) => {
    if (task.result?.state === 'fail') console.error(said())
  })
  const ask = (name = 'shop.example.com', path = '/') => asked(port, name, path)
  await expect.poll(() => stateOf(admin)).toBe('LIVE')
  return { publish, ask, said, admin, port }
}

async function stateOf(admin: number): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${admin}/ready`).catch(() => undefined)
  return (await answer?.text())?.trim()
}

const clustersSchema = z.object({
  cluster_statuses: z.array(
    z.object({
      name: z.string(),
      host_statuses: z
        .array(
          z.object({
            address: z.object({
              socket_address: z.object({ address: z.string(), port_value: z.number() }),
            }),
            weight: z.number().default(1),
          }),
        )
        .default([]),
    }),
  ),
})

/** What Envoy says of its clusters: `name address port weight`. */
async function endpointsOf(admin: number): Promise<string[]> {
  const answer = await fetch(`http://127.0.0.1:${admin}/clusters?format=json`)
  const { cluster_statuses: clusters } = clustersSchema.parse(await answer.json())
  const rows = clusters.flatMap(({ name, host_statuses: hosts }) =>
    hosts.map(({ address: { socket_address: socket }, weight }) =>
      [name, socket.address, socket.port_value, weight].join(' '),
    ),
  )
  return rows.toSorted()
}

async function asked(port: number, name: string, path: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const headers = { host: `${name}:${port}` }
  const sent = request({ host: '127.0.0.1', port, path, headers, agent: false }, (answer) => {
    let text = ''
    answer.setEncoding('utf8').on('data', (part: string) => (text += part))
    answer.on('error', (error) => resolve(error.message))
    answer.on('end', () => resolve(`${answer.statusCode} ${text}`))
  })
  sent.on('error', (error) => resolve(error.message)).end()
  return promise
}

const saying = (name: string) => listening(createServer((_, answer) => answer.end(name)))

withEnvoy('an Envoy that runs follows the files, and cuts no request off', async () => {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<ServerResponse>()
  const slow = createServer((wanted, answer) => {
    if (wanted.url !== '/slow') return answer.end('slow')
    answer.write('be')
    return arrive(answer)
  })
  const [one, two] = [await listening(slow), await saying('two')]
  const { publish, ask } = await running(at(one))
  await expect.poll(() => ask()).toBe('200 slow')
  const long = ask('shop.example.com', '/slow')
  const answer = await arrived

  await publish(at(two), at(two, { ...host('new.example.com'), service: 'new' }))
  await expect.poll(() => ask()).toBe('200 two')
  await expect.poll(() => ask('new.example.com')).toBe('200 two')
  answer.end('gun')
  expect(await long).toBe('200 begun')

  await publish(at(two, { state: 'unhealthy' }))
  await expect.poll(() => ask()).toMatch(/^503 /)
  await expect.poll(() => ask('new.example.com')).toBe('404 ')
  // the one that refuses is passed over
  await publish(at(await freePort()), at(one, { container: containerId('b') }))
  await expect.poll(() => ask()).toBe('200 slow')
  const all = await Promise.all(Array.from({ length: 6 }, () => ask()))
  expect(new Set(all)).toEqual(new Set(['200 slow']))
})

withEnvoy('weights, IPv6, HTTPS and HTTP/2 are what the labels say', async () => {
  const rpc = createHttp2Server((_, answer) => void answer.end('h2'))
  const port = await listening(rpc)
  const six = { addresses: [{ network: 'n', ip: 'fd00::1' }] }
  const { ask, admin } = await running(
    at(1, { weight: 3 }),
    at(2, { ...six, weight: 0.2, ...host('Shop.example.com, *.shop.example.com') }),
    at(3, { weight: 0 }),
    at(4, { state: 'draining' }),
    at(5, { ...host('api.example.com'), service: 'api', protocol: 'https' }),
    at(port, { ...host('rpc.example.com'), service: 'rpc', protocol: 'h2c' }),
    at(6, { service: 'unasked', attributes: {} }),
  )
  expect(await endpointsOf(admin)).toEqual([
    'shop/api 127.0.0.1 5 1',
    `shop/rpc 127.0.0.1 ${port} 1`,
    'shop/web 127.0.0.1 1 3',
    'shop/web fd00::1 2 1',
  ])
  expect(await ask('rpc.example.com')).toBe('200 h2')
  expect(await ask('deep.shop.example.com')).toMatch(/^503 /)
  expect(await ask('example.com')).toBe('404 ')
})

withEnvoy('whatever a label says, it harms only its own host', async () => {
  const good = await saying('good')
  const { ask, said } = await running(
    at(good),
    at(1, { ...host('x"}], {{ y }}\n*'), service: 'bad' }),
    at(2, { ...host('*, *.*, , a/b'), service: 'worse' }),
    at(3, { service: 'zweit', project: '-' }),
    at(good, { ...host('names.example.com'), service: 'a "b";{$x', project: '-' }),
  )
  await expect.poll(() => ask()).toBe('200 good')
  expect(await ask('names.example.com')).toBe('200 good')
  expect(await ask('other.example.com')).toBe('404 ')
  expect(said()).not.toMatch(/rejected|error adding/i)
})

withEnvoy('if nobody has the label the last files stay', async () => {
  await expect(renderAll('envoy', [instance()])).rejects.toThrow(
    'no container has the label SERVICE_ENVOY_HOST; the last file stays',
  )
})
