import { spawn } from 'node:child_process'
import { Resolver } from 'node:dns/promises'
import { userInfo } from 'node:os'

import { expect, onTestFinished, test } from 'vitest'

import type { Instance } from '../../src/core/instance.ts'
import { tempFolder } from '../confd/scene.ts'
import { containerId, instance } from '../core/samples.ts'
import { freePort } from '../free-port.ts'
import { ran, renderLibrary } from './scene.ts'

/** Asks a dnsmasq that has read the file. */
async function served(...instances: Instance[]) {
  const text = await renderLibrary('dnsmasq', instances)
  const folder = await tempFolder()
  await folder.write('hosts', text)
  const port = await freePort()
  const args = [
    '--conf-file=/dev/null',
    '--no-resolv',
    '--no-hosts',
    '--pid-file=',
    '--bind-interfaces',
    '--listen-address=127.0.0.1',
    `--user=${userInfo().username}`,
    `--port=${port}`,
    `--addn-hosts=${folder.at('hosts')}`,
  ]
  expect(await ran('dnsmasq', ['--test', ...args])).toMatchObject({ code: 0 })
  const child = spawn('dnsmasq', ['--keep-in-foreground', ...args], { stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  const resolver = new Resolver({ timeout: 5000 })
  resolver.setServers([`127.0.0.1:${port}`])
  const addresses = async (name: string) => (await resolver.resolve4(name)).toSorted()
  return { text, addresses, resolver }
}

const at = (ip: string) => ({ addresses: [{ network: 'n', ip }] })

test('each service has a name with the addresses of those that are ready', async () => {
  const dns = { attributes: { dns_name: 'www.example.com, shop.example.com' } }
  const { addresses, resolver, text } = await served(
    instance({ ...at('10.0.0.1'), ...dns }),
    instance({ ...at('10.0.0.1'), ...dns, service: 'web-443', port: 443 }),
    instance({ ...at('10.0.0.2'), container: containerId('2') }),
    instance({ ...at('10.0.0.3'), container: containerId('3'), state: 'unhealthy' }),
    instance({ ...at('fd00::1'), service: 'db', project: '-' }),
  )
  await expect.poll(() => addresses('web.shop.internal')).toEqual(['10.0.0.1', '10.0.0.2'])
  expect(await addresses('shop.example.com')).toEqual(['10.0.0.1'])
  expect(await resolver.resolve6('db.internal')).toEqual(['fd00::1'])
  expect(text.match(/www\.example\.com/g)).toHaveLength(1)
})

test('whatever a label says, it harms only its own name', async () => {
  const { addresses, text } = await served(
    instance(at('10.0.0.1')),
    instance({
      ...at('10.0.0.2'),
      service: 'bad name',
      attributes: { dns_name: 'x\n10.6.6.6 web.shop.internal,good.example.com' },
    }),
  )
  await expect.poll(() => addresses('good.example.com')).toEqual(['10.0.0.2'])
  expect(await addresses('web.shop.internal')).toEqual(['10.0.0.1'])
  expect(text).not.toMatch(/10\.6\.6\.6|bad/)
})

test('if nothing is ready the last file stays', async () => {
  const none = renderLibrary('dnsmasq', [instance({ state: 'starting' })])
  await expect(none).rejects.toThrow('no instance is ready; the last file stays')
})
