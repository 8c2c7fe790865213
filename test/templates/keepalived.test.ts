import { expect, onTestFinished, test } from 'vitest'

import type { Instance } from '../../src/core/instance.ts'
import { tempFolder } from '../confd/scene.ts'
import { instance } from '../core/samples.ts'
import { startPortolan } from '../e2e/portolan.ts'
import { ran, renderLibrary, started } from './scene.ts'

const vip = (keepalived_vip: string, keepalived_id?: string) => ({
  attributes: { keepalived_vip, ...(keepalived_id !== undefined && { keepalived_id }) },
})

async function done(command: string, ...args: string[]): Promise<string> {
  const { code, said } = await ran(command, args)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${said}`)
  return said
}

/** Network namespaces on one cable, `eth0` in both: what it takes to run a command in each. */
async function hosts(): Promise<[string[], string[]]> {
  const [a, b] = [`vip-${process.pid}-a`, `vip-${process.pid}-b`]
  onTestFinished(async () => {
    for (const name of [a, b]) await ran('ip', ['netns', 'del', name])
  })
  for (const name of [a, b]) await done('ip', 'netns', 'add', name)
  await done(
    'ip',
    'link',
    'add',
    'eth0',
    'netns',
    a,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    b,
  )
  for (const [name, address] of [
    [a, '198.51.100.1/24'] as const,
    [b, '198.51.100.2/24'] as const,
  ]) {
    await done('ip', '-n', name, 'link', 'set', 'lo', 'up')
    await done('ip', '-n', name, 'address', 'add', address, 'dev', 'eth0')
    await done('ip', '-n', name, 'link', 'set', 'eth0', 'up')
  }
  return [
    ['ip', 'netns', 'exec', a],
    ['ip', 'netns', 'exec', b],
  ]
}

/** The file, once keepalived has found it good on a host that has an `eth0`. */
async function checked(under: readonly string[], ...instances: Instance[]) {
  const text = await renderLibrary('keepalived', instances)
  const folder = await tempFolder()
  await folder.write('keepalived.conf', text)
  // up to 2.2.8 its check ends itself while it looks whether another user may run the script
  await folder.write('as-root.conf', text.replace('script_user nobody', 'script_user root'))
  const [command = '', ...args] = under
  const check = ['keepalived', '-t', '-f', folder.at('as-root.conf')]
  const { code, said } = await ran(command, [...args, ...check])
  expect({ code, said, text }).toMatchObject({
    code: 0,
    said: expect.not.stringMatching(/invalid|skipping|unknown|error/i),
  })
  return { text, said, path: folder.at('keepalived.conf'), folder }
}

test('each group is an instance for each family, with its addresses', async () => {
  const [a] = await hosts()
  const { text } = await checked(
    a,
    instance(vip('198.51.100.10/24, 2001:db8::10/64')),
    instance({ ...vip('198.51.100.10/24,198.51.100.9/24'), service: 'api', state: 'unhealthy' }),
    instance({ ...vip('198.51.100.99/32', '7'), service: 'other' }),
  )
  expect(text.match(/^vrrp_instance \S+|^ {8}\S+ dev eth0$/gm)).toEqual([
    'vrrp_instance v4_51',
    '        198.51.100.10/24 dev eth0',
    '        198.51.100.9/24 dev eth0',
    'vrrp_instance v4_7',
    '        198.51.100.99/32 dev eth0',
    'vrrp_instance v6_51',
    '        2001:db8::10/64 dev eth0',
  ])
})

test('whatever a label says, it harms only its own address', async () => {
  const [a] = await hosts()
  const { text } = await checked(
    a,
    instance(vip('198.51.100.10/24')),
    instance({ ...vip('1.2.3.4/24 dev lo\n}\nglobal_defs {\n"$x@!#'), service: 'bad' }),
    instance({
      ...vip('198.51.100.256/24, 198.51.100.7, ::::/64, 1::2::3/64, 1:2:3:4::5:6:7:8/64'),
      service: 'b',
    }),
    instance({ ...vip('198.51.100.11/24', '1 }\n"'), service: 'c' }),
    instance({ ...vip('198.51.100.12/24', '256'), service: 'd "$y' }),
  )
  expect(text.match(/^ {8}\S+ dev eth0$/gm)).toEqual(['        198.51.100.10/24 dev eth0'])
  expect(text.match(/: is no address .*: left out/g)).toHaveLength(6)
  expect(text.match(/# the id is no number/g)).toHaveLength(2)
  expect(text).not.toMatch(/^.*#.*["$@!].*$/m)
})

test('if nobody has the label the last file stays', async () => {
  await expect(renderLibrary('keepalived', [instance()])).rejects.toThrow(
    'no container has the label SERVICE_KEEPALIVED_VIP; the last file stays',
  )
})

test(
  'the address goes to a host whose Portolan lives, and stays there',
  { timeout: 600_000 },
  async () => {
    const all = await hosts()
    const { path, folder } = await checked(all[0], instance(vip('198.51.100.10/24')))
    const ports = { http: 8080, admin: 8070 }
    const start = (under: readonly string[]) =>
      startPortolan({ under, ports, ready: false, args: ['--docker', 'unix:///nowhere.sock'] })
    const portolans = await Promise.all(all.map(start))
    onTestFinished(async () => {
      for (const one of portolans) await one.stop('SIGKILL')
    })
    all.forEach(([command = '', ...args], number) => {
      const pids = ['-p', folder.at(`${number}.pid`), '-r', folder.at(`${number}-vrrp.pid`)]
      started(command, [...args, 'keepalived', '-n', '-l', '-f', path, ...pids])
    })
    const holders = async () => {
      const lists = await Promise.all(
        all.map(([command = '', ...args]) => done(command, ...args, 'ip', '-o', 'address')),
      )
      return lists.flatMap((text, number) => (text.includes(' 198.51.100.10/24 ') ? [number] : []))
    }
    const soon = { timeout: 180_000 }
    await expect.poll(holders, soon).toHaveLength(1)
    // once each has heard the other, only one has it
    const [first = 0] = await holders()
    await portolans[first]?.stop('SIGKILL')
    await expect.poll(holders, soon).toEqual([1 - first])
    portolans[first] = await start(all[first] ?? [])
    await portolans[1 - first]?.stop('SIGKILL')
    await expect.poll(holders, soon).toEqual([first])
  },
)
