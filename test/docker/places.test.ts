import { expect, test } from 'vitest'

import { negotiated } from '../../src/docker/engine.ts'
import { adviceOn } from '../../src/docker/remedy.ts'
import { ownContainerIds } from '../../src/docker/self.ts'
import { type EngineAddress, findSocket, parseEngineAddress } from '../../src/docker/socket.ts'

const own = '3a'.repeat(32)
const other = '4b'.repeat(32)
const mount = (root: string, at: string) =>
  `90 72 254:0 ${root} ${at} rw,relatime - ext4 /dev/vda rw\n`
const docker = `/var/lib/docker/containers/${own}`

for (const [name, mountinfo, cgroup, ids] of [
  ['docker', mount(`${docker}/hostname`, '/etc/hostname'), '0::/\n', [own]],
  ['docker, only resolv.conf', mount(`${docker}/resolv.conf`, '/etc/resolv.conf'), '', [own]],
  [
    'podman',
    mount(`/containers/storage/overlay-containers/${own}/userdata/hosts`, '/etc/hosts'),
    '',
    [own],
  ],
  ['cgroup v1', '', `9:name=systemd:/docker/${own}\n8:pids:/docker/${own}\n`, [own]],
  ['systemd scopes', '', `0::/system.slice/docker-${own}.scope\n`, [own]],
  ['nested engines', '', `1:cpu:/docker/${other}/docker/${own}\n`, [own]],
  [
    "another's network",
    mount(`/var/lib/docker/containers/${other}/hostname`, '/etc/hostname'),
    `0::/docker/${own}\n`,
    [own, other],
  ],
  ['the host', mount('/', '/'), '0::/user.slice\n', []],
  ['a folder of Docker in /mnt', mount(`${docker}/hostname`, '/mnt/hostname'), '', []],
] as const) {
  test(`our own container: ${name}`, () => {
    expect(ownContainerIds(mountinfo, cgroup)).toEqual(ids)
  })
}

for (const [env, there, found] of [
  [{ DOCKER_HOST: 'tcp://h:1' }, ['/var/run/docker.sock'], 'tcp://h:1'],
  [{}, ['/tmp/docker.sock', '/var/run/docker.sock'], 'unix:///var/run/docker.sock'],
  [{}, ['/tmp/docker.sock'], 'unix:///tmp/docker.sock'],
  [
    { XDG_RUNTIME_DIR: '/run/user/7' },
    ['/run/user/7/docker.sock'],
    'unix:///run/user/7/docker.sock',
  ],
  [
    { HOME: '/home/a' },
    ['/home/a/.docker/run/docker.sock'],
    'unix:///home/a/.docker/run/docker.sock',
  ],
  [
    { HOME: '/home/a' },
    ['/home/a/.docker/desktop/docker.sock'],
    'unix:///home/a/.docker/desktop/docker.sock',
  ],
  [{}, [], 'unix:///var/run/docker.sock'],
] as const) {
  test(`with ${JSON.stringify(env)} and ${there.join(', ') || 'no socket'} it is ${found}`, () => {
    expect(findSocket(env, (path) => there.some((one) => one === path))).toBe(found)
  })
}

for (const [text, tls, address] of [
  ['unix:///x.sock', false, { kind: 'unix', path: '/x.sock' }],
  ['tcp://h:2375', false, { kind: 'tcp', host: 'h', port: 2375, secure: false }],
  ['tcp://h', true, { kind: 'tcp', host: 'h', port: 2376, secure: true }],
  ['http://h:80/', false, { kind: 'tcp', host: 'h', port: 80, secure: false }],
  ['https://h:443', false, { kind: 'tcp', host: 'h', port: 443, secure: true }],
  ['10.0.0.1:99', false, { kind: 'tcp', host: '10.0.0.1', port: 99, secure: false }],
  ['tcp://[::1]:99', false, { kind: 'tcp', host: '[::1]', port: 99, secure: false }],
] as const) {
  test(`${text} is read`, () => expect(parseEngineAddress(text, tls)).toEqual(address))
}

for (const text of ['ssh://me@h', 'npipe:////./pipe/docker', 'unix://', '', 'tcp://']) {
  test(`${JSON.stringify(text)} is no address of an engine`, () => {
    expect(() => parseEngineAddress(text, false)).toThrow(/write unix:/)
  })
}

const socket: EngineAddress = { kind: 'unix', path: '/s' }
const tcp: EngineAddress = { kind: 'tcp', host: 'h', port: 1, secure: false }
const failed = (fields: object) => Object.assign(new Error('it failed'), fields)

for (const [fields, address, reason, remedy] of [
  [{ code: 'ENOENT' }, socket, /no engine at \/s/, /-v \/var\/run:\/var\/run/],
  [
    { code: 'ECONNREFUSED' },
    socket,
    /nobody listens/,
    /mounted as a file is dead.*mount its folder/,
  ],
  [{ code: 'ECONNREFUSED' }, tcp, /nobody listens at tcp:\/\/h:1/, /dockerd --host/],
  [{ code: 'EACCES' }, socket, /no permission/, /group docker/],
  [{ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, tcp, /TLS/, /certificates/],
  [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, tcp, /TLS/, /certificates/],
  [{ code: 'EPROTO' }, tcp, /TLS/, /certificates/],
  [{ statusCode: 403 }, socket, /HTTP 403/, /allow GET/],
  [{ statusCode: 500 }, socket, /HTTP 500: it failed/, /log/],
  [{ code: 'ECONNRESET' }, socket, /\/s: it failed/, /docker info/],
  [{ code: 'ECONNRESET' }, tcp, /tcp:\/\/h:1: it failed/, /agree on TLS/],
] as const) {
  test(`${JSON.stringify(fields)} over ${address.kind} is told with a remedy`, () => {
    const advice = adviceOn(failed(fields), address)
    expect(advice.reason).toMatch(reason)
    expect(advice.remedy).toMatch(remedy)
  })
}

test('plain HTTP to an engine with TLS is told', () => {
  const error = Object.assign(new Error('Client sent an HTTP request to an HTTPS server.'), {
    statusCode: 400,
  })
  expect(adviceOn(error, tcp).remedy).toMatch(/certificates/)
})

for (const [newest, oldest, spoken] of [
  ['1.41', '1.12', '1.41'],
  ['1.45', '1.24', '1.45'],
  ['1.51', '1.24', '1.51'],
  ['1.52', '1.44', '1.51'],
  ['1.60', '1.54', '1.54'],
] as const) {
  test(`with an engine of API ${oldest} to ${newest} we speak ${spoken}`, () => {
    expect(negotiated(newest, oldest)).toBe(spoken)
  })
}
