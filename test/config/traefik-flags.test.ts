import { expect, test } from 'vitest'

import { commandOf } from '../../src/cli/command.ts'
import type { Config } from '../../src/config/config.ts'
import { settingProblems } from '../../src/config/problems.ts'

type Env = Readonly<Record<string, string>>

function configOf(argv: readonly string[], env: Env = {}): Config {
  const command = commandOf(argv, env)
  if (command.kind !== 'run') throw new Error(command.kind)
  return command.config
}

test.for<[string, Partial<Config>]>([
  ['--entrypoints.web.address=:81', { http: { host: '', port: 81 } }],
  ['--entryPoints.websecure.address=:444/tcp', { https: { host: '', port: 444 } }],
  ['--entrypoints.postgres.address=:5432', { tcp: [{ name: 'postgres', host: '', port: 5432 }] }],
  ['--entrypoints.web.forwardedheaders.trustedips=10.0.0.0/8', { trust: ['10.0.0.0/8'] }],
  ['--entrypoints.web.transport.lifecycle.gracetimeout=10', { drainMs: 10_000 }],
  ['--providers.docker.endpoint=tcp://10.0.0.1:2375', { docker: 'tcp://10.0.0.1:2375' }],
  ['--providers.docker.exposedbydefault=true', { expose: 'all' }],
  ['--log.level=DEBUG', { logLevel: 'debug' }],
  ['--log.format=common', { logFormat: 'pretty' }],
  ['--accesslog', { accessLog: { kind: 'all' } }],
])('%s is a setting of ours', ([flag, part]) => {
  expect(configOf([flag])).toMatchObject(part)
})

test('flags of the same kind add up, and a value may stand apart', () => {
  const { tcp, trust } = configOf([
    '--entrypoints.a.address',
    ':1',
    '--entrypoints.b.address=:2',
    '--entrypoints.a.proxyprotocol.trustedips=10.0.0.1',
    '--entrypoints.b.forwardedheaders.trustedips=10.0.0.2',
  ])
  expect(tcp.map(({ name, port }) => [name, port])).toEqual([
    ['a', 1],
    ['b', 2],
  ])
  expect(trust).toEqual(['10.0.0.1/32', '10.0.0.2/32'])
})

test('ours win over theirs, theirs over variables of ours, which the image sets', () => {
  const env = { PORTOLAN_HTTP: ':80' }
  expect(configOf(['--entrypoints.web.address=:81'], env).http?.port).toBe(81)
  expect(configOf(['--entrypoints.web.address=:81', '--http=:82'], env).http?.port).toBe(82)
  expect(configOf([], { ...env, TRAEFIK_ENTRYPOINTS_WEB_ADDRESS: ':83' }).http?.port).toBe(83)
})

test('how labels are read', () => {
  const { traefik, expose } = configOf([
    '--providers.docker.exposedbydefault=false',
    '--providers.docker.network=edge',
    '--providers.docker.defaultrule=Host(`{{ .Name }}.x`)',
  ])
  expect(expose).toBe('labelled')
  expect(traefik).toEqual({
    exposedByDefault: false,
    network: 'edge',
    defaultRule: 'Host(`{{ .Name }}.x`)',
    problems: [],
  })
})

test('what is so in any case is nothing to speak of', () => {
  const flags = ['--api', '--api.insecure=true', '--ping', '--metrics.prometheus=true']
  expect(configOf([...flags, '--providers.docker', '--global.sendanonymoususage=false'])).toEqual(
    configOf([]),
  )
})

test.for<[string, string]>([
  ['--certificatesresolvers.le.acme.email=a@b', '--certs'],
  ['--entrypoints.web.http.redirections.entrypoint.to=websecure', 'redirectscheme'],
  ['--entrypoints.web.http.middlewares=auth@file', 'name them at each router'],
  ['--providers.docker.constraints=Label(`a`,`b`)', 'traefik.enable=false'],
  ['--providers.file.filename=/x', 'routes/NAME'],
  ['--entrypoints.dns.address=:53/udp', 'compose file'],
  ['--tracing.zipkin', 'leave it out'],
  ['--api.dashboard=false', '--admin=off'],
])('%s is a problem, without its value, and no end', ([flag, remedy]) => {
  const problems = settingProblems(configOf([flag]))
  expect(problems).toHaveLength(1)
  expect(problems[0]?.remedy).toContain(remedy)
  expect(problems[0]?.where).toBe(`setting ${flag.split('=')[0]}`)
  expect(JSON.stringify(problems)).not.toContain('a@b')
})

test('flags with one reason are one problem', () => {
  const flags = ['email=a', 'storage=b', 'tlschallenge=true']
  const all = flags.map((flag) => `--certificatesresolvers.le.acme.${flag}`)
  expect(settingProblems(configOf(all))).toMatchObject([
    { where: expect.stringMatching(/email, .*storage, .*tlschallenge$/) },
  ])
})

test('a wrong value names the flag that has it; variables of strangers are ignored', () => {
  expect(() => configOf(['--entrypoints.web.address=80'])).toThrow(
    /^--entrypoints\.web\.address \(--http\): "80" is not an address/,
  )
  expect(configOf([], { TRAEFIK_PORT_80_TCP: 'x', TRAEFIK_LOG: 'x' })).toEqual(configOf([]))
})

test('a command that takes no settings takes none of them', () => {
  expect(() => commandOf(['services', '--entrypoints.web.address=:80'], {})).toThrow(/not known/)
})
