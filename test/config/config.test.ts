import { expect, test } from 'vitest'

import { helpText, settingsTable } from '../../src/cli/help.ts'
import { type Config, readConfig, variableOf } from '../../src/config/config.ts'
import { settingProblems } from '../../src/config/problems.ts'
import { settingWords } from '../../src/config/settings.ts'
import { PortolanError } from '../../src/core/errors.ts'

type Texts = Readonly<Record<string, string>>

const read = (flags: Texts = {}, env: Texts = {}): Config =>
  readConfig({ flags: new Map(Object.entries(flags)), env })

/** The message of the refusal; fails when there is none. */
function refusal(flags: Texts, env: Texts = {}): string {
  try {
    read(flags, env)
  } catch (error) {
    if (error instanceof PortolanError && error.code === 'bad-config') return error.message
    throw error
  }
  throw new Error(`accepted: ${JSON.stringify(flags)}`)
}

test('without any setting everything has a default', () => {
  expect(read()).toEqual({
    store: { kind: 'embedded' },
    etcdCa: undefined,
    etcdCert: undefined,
    etcdKey: undefined,
    etcdUser: undefined,
    etcdPasswordFile: undefined,
    prefix: '/portolan',
    plainPrefix: '/services',
    plainAddress: 'auto',
    leaseMs: 15_000,
    node: undefined,
    advertise: undefined,
    docker: undefined,
    allowWrites: false,
    http: { host: '', port: 8080 },
    https: undefined,
    certs: undefined,
    tcp: [],
    admin: { host: '127.0.0.1', port: 8070 },
    adminTokenFile: undefined,
    domain: 'localhost',
    expose: 'labelled',
    drainMs: 30_000,
    holdMs: 30_000,
    trust: [],
    confd: undefined,
    secrets: '/run/secrets',
    state: undefined,
    workers: 'cores',
    roles: ['registrator', 'proxy', 'confd', 'admin'],
    accessLog: { kind: 'off' },
    logLevel: 'info',
    logFormat: process.stderr.isTTY ? 'pretty' : 'json',
  })
})

test('flags win over variables, variables over defaults, and an empty variable is none', () => {
  const env = { PORTOLAN_HTTP: ':81', PORTOLAN_PLAIN_PREFIX: '/other', PORTOLAN_NODE: '' }
  const config = read({ http: ':82' }, env)
  expect(config.http).toEqual({ host: '', port: 82 })
  expect(config.plainPrefix).toBe('/other')
  expect(config.node).toBeUndefined()
})

test("variables that Docker's links and Kubernetes make are ignored", () => {
  const env = {
    PORTOLAN_PORT: 'tcp://172.17.0.2:80',
    PORTOLAN_PORT_80_TCP_ADDR: '172.17.0.2',
    PORTOLAN_NAME: '/a/portolan',
    PORTOLAN_SERVICE_HOST: '10.0.0.1',
  }
  expect(read({}, env)).toEqual(read())
})

test.for<[string, string, keyof Config, unknown]>([
  ['http', ':8080', 'http', { host: '', port: 8080 }],
  ['http', '127.0.0.1:0', 'http', { host: '127.0.0.1', port: 0 }],
  ['http', '[::1]:80', 'http', { host: '::1', port: 80 }],
  ['http', 'localhost:80', 'http', { host: 'localhost', port: 80 }],
  ['http', 'off', 'http', undefined],
  ['admin', 'off', 'admin', undefined],
  ['plain-prefix', 'off', 'plainPrefix', undefined],
  ['confd', '/etc/confd', 'confd', '/etc/confd'],
  ['lease', '2s', 'leaseMs', 2000],
  ['drain', '250ms', 'drainMs', 250],
  ['hold', '0s', 'holdMs', 0],
  ['hold', '1m30s', 'holdMs', 90_000],
  ['trust', '10.0.0.0/8, fd00::/8,192.0.2.1', 'trust', ['10.0.0.0/8', 'fd00::/8', '192.0.2.1/32']],
  ['roles', 'proxy,admin', 'roles', ['proxy', 'admin']],
  ['tcp', 'pg=:5432', 'tcp', [{ name: 'pg', host: '', port: 5432 }]],
  ['store', 'etcd://a,b:1', 'store', { kind: 'etcd', tls: false, endpoints: ['a:2379', 'b:1'] }],
  ['docker', 'tcp://10.0.0.1:2375', 'docker', 'tcp://10.0.0.1:2375'],
  ['advertise', '[fd00::1]', 'advertise', 'fd00::1'],
  ['domain', 'Apps.Example.com.', 'domain', 'apps.example.com'],
  ['access-log', '1%', 'accessLog', { kind: 'share', share: 0.01 }],
  ['workers', '4', 'workers', 4],
  ['buffers', 'auto', 'bufferBytes', undefined],
  ['buffers', '256m', 'bufferBytes', 256 * 1024 ** 2],
  ['buffers', '1GiB', 'bufferBytes', 1024 ** 3],
  ['allow-writes', 'yes', 'allowWrites', true],
  ['log-format', 'pretty', 'logFormat', 'pretty'],
])('--%s %s is read', ([name, text, key, value]) => {
  expect(read({ [name]: text })[key]).toEqual(value)
})

test.for<[string, string, string]>([
  ['http', '8080', 'write :8080, 127.0.0.1:8080 or [::1]:8080'],
  ['http', ':99999', 'write :8080'],
  ['http', '::1:80', 'write :8080'],
  ['http', '1.2.3:80', 'write :8080'],
  ['http', 'http://x:80', 'write :8080'],
  ['admin', '[127.0.0.1]:80', 'write :8080'],
  ['lease', '1s', 'too short; write 2s or more'],
  ['lease', '15', 'write a number with a unit, such as 250ms, 30s or 5m'],
  ['trust', '10.0.0.0/33', 'write 10.0.0.0/8'],
  ['trust', 'example.com', 'write 10.0.0.0/8'],
  ['tcp', ':5432', 'write NAME=:PORT'],
  ['tcp', 'http=:5432', 'is taken; choose another one'],
  ['store', 'redis://x', 'write embedded, etcd://'],
  ['docker', 'ftp://x', 'write unix:///var/run/docker.sock'],
  ['prefix', 'portolan', 'write it as /name'],
  ['prefix', '/a/', 'write it as /name'],
  ['plain-address', 'public', 'write auto, internal, published'],
  ['node', 'a/b', 'write letters'],
  ['advertise', 'http://x', 'write an IP address'],
  ['advertise', '10.0.0.999', 'write an IP address'],
  ['domain', 'a_b', 'write it as localhost'],
  ['roles', 'proxy,dns', 'write registrator, proxy, confd, admin'],
  ['roles', ',', 'name one'],
  ['access-log', '200%', 'write off, errors, all'],
  ['workers', '0', 'write cores'],
  ['buffers', '1k', 'write auto, or a size such as 256m'],
  ['buffers', 'much', 'write auto'],
  ['allow-writes', 'maybe', 'write true or false'],
  ['etcd-key', '/k', 'give both'],
  ['etcd-user', 'ann', '--etcd-password-file'],
])('--%s %s is refused with what to write', ([name, text, remedy]) => {
  const message = refusal({ [name]: text })
  expect(message).toContain(remedy)
  expect(message).toContain(`--${name}`)
  expect(message).not.toContain('\n')
})

test('a wrong value names its source and itself; several wrong ones are a line each', () => {
  expect(refusal({}, { PORTOLAN_LEASE: '1s' })).toBe(
    'PORTOLAN_LEASE (--lease): "1s" is too short; write 2s or more',
  )
  expect(refusal({ hold: 'x', drain: 'y' }).split('\n')).toHaveLength(2)
})

test('a password in the address of the store is not repeated', () => {
  expect(refusal({ store: 'etcd://me:hunter2@etcd:2379' })).not.toContain('hunter2')
})

test('settings that are as they should be have no problem', () => {
  const problems = (flags: Texts) => settingProblems(read(flags))
  expect(problems({})).toEqual([])
  const many = {
    tcp: 'a=:1',
    workers: '2',
    https: 'off',
    'access-log': 'all',
    'allow-writes': 'true',
  }
  expect(problems(many)).toEqual([])
})

test('a short lease is a warning where there are other nodes, and what etcd needs is idle without it', () => {
  const found = (flags: Texts) =>
    settingProblems(read(flags)).map(({ where, what }) => `${where}: ${what}`)
  expect(found({ store: 'etcd://e', lease: '4s' })).toEqual(['setting --lease: 4s is short'])
  expect(found({ store: 'etcd://e', lease: '5s' })).toEqual([])
  expect(found({ lease: '4s' })).toEqual([])
  expect(found({ 'etcd-ca': '/ca' })).toEqual(['setting --etcd-ca: has no effect'])
  expect(found({ 'etcd-ca': '/ca', store: 'etcd://e' })).toEqual([
    'setting --etcd-ca: has no effect',
  ])
  expect(found({ 'etcd-ca': '/ca', store: 'etcds://e' })).toEqual([])
})

test('certificates are idle where TLS ends nowhere: neither https nor a TCP entrypoint is open', () => {
  const found = (flags: Texts) => settingProblems(read(flags)).map(({ where }) => where)
  expect(found({ certs: '/certs' })).toEqual(['setting --certs'])
  expect(found({ certs: '/certs', https: ':8443' })).toEqual([])
  expect(found({ certs: '/certs', tcp: 'postgres=:5432' })).toEqual([])
})

test('help and the table for the README name every setting', () => {
  for (const { name, help } of settingWords) {
    expect(helpText()).toContain(`--${name}`)
    expect(settingsTable()).toContain(help)
    expect(variableOf(name)).toMatch(/^PORTOLAN_[A-Z_]+$/)
  }
  expect(
    Math.max(
      ...helpText()
        .split('\n')
        .map((line) => line.length),
    ),
  ).toBeLessThanOrEqual(100)
  expect(settingWords).toHaveLength(Object.keys(read()).length)
})

for (const [prefix, plain, fine] of [
  ['/portolan', '/services', true],
  ['/a', '/ab', true],
  ['/a', 'off', true],
  ['/a', '/a', false],
  ['/a', '/a/plain', false],
  ['/a/ours', '/a', false],
] as const) {
  test(`--prefix ${prefix} and --plain-prefix ${plain} ${fine ? 'go together' : 'are refused'}`, () => {
    const flags = { prefix, 'plain-prefix': plain }
    if (fine) expect(read(flags).prefix).toBe(prefix)
    else expect(refusal(flags)).toMatch(/overlap; choose other roots/)
  })
}
