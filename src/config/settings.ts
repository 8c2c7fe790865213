import { z } from 'zod'

import { messageOf } from '../core/errors.ts'
import { parseEngineAddress } from '../docker/socket.ts'
import { parseStoreUrl } from '../store/etcd/url.ts'
import * as read from './kinds.ts'

/** What people are told of a setting. */
export type About = {
  /** `plain-prefix` is the flag `--plain-prefix` and the variable `PORTOLAN_PLAIN_PREFIX`. */
  readonly name: string
  /** What stands after the flag in the help; empty for a switch, which is on when it is named. */
  readonly value: string
  /** The text that is read when nothing is given. */
  readonly default: string
  /** The default in words, where its text says nothing. */
  readonly usual?: string
  /** The default in the container image, where it is another one. */
  readonly image?: string
  /** Several values: between commas, or the flag again. */
  readonly many?: true
  readonly help: string
}

/** The words to each setting of `settings`. */
export const abouts = z.registry<About>()

function setting<T>(parse: read.Read<T>, about: About) {
  return z
    .string()
    .prefault(about.default)
    .transform((text, context) => {
      try {
        return parse(text)
      } catch (error) {
        context.addIssue(messageOf(error))
        return z.NEVER
      }
    })
    .register(abouts, about)
}

function switchOff(name: string, help: string) {
  return setting(read.yesNo, { name, value: '', default: 'false', help })
}

function file(name: string, help: string) {
  return setting(read.optional(read.words), { name, value: 'FILE', default: '', help })
}

/** Every setting there is, once: how its text is read, its default, and its words. */
export const settings = z.object({
  store: setting(parseStoreUrl, {
    name: 'store',
    value: 'URL',
    default: 'embedded',
    help: 'where instances are kept: `embedded` (memory, one host), `etcd://host:2379[,host:2379]`, or `etcds://…` for TLS',
  }),
  etcdCa: file('etcd-ca', 'authority that signed the certificate of etcd'),
  etcdCert: file('etcd-cert', 'our certificate for etcd'),
  etcdKey: file('etcd-key', 'key of our certificate for etcd'),
  etcdUser: setting(read.optional(read.words), {
    name: 'etcd-user',
    value: 'NAME',
    default: '',
    help: 'user at etcd',
  }),
  etcdPasswordFile: file('etcd-password-file', 'file with the password of `--etcd-user`'),
  prefix: setting(read.keyPrefix, {
    name: 'prefix',
    value: 'KEY',
    default: '/portolan',
    help: 'root of our keys in the store',
  }),
  plainPrefix: setting(read.orOff(read.keyPrefix), {
    name: 'plain-prefix',
    value: 'KEY',
    default: '/services',
    help: "root of the tree in registrator's format; `off`: don't write it",
  }),
  plainAddress: setting(read.oneOf('auto', 'internal', 'published'), {
    name: 'plain-address',
    value: 'WHICH',
    default: 'auto',
    help: "addresses in that tree: `published` port at `--advertise`, the container's own (`internal`), or `auto`: the first if there is one, else the second",
  }),
  leaseMs: setting(read.duration(2000), {
    name: 'lease',
    value: 'TIME',
    default: '15s',
    help: "how long a dead node's entries live; at least 2s",
  }),
  node: setting(read.optional(read.nodeName), {
    name: 'node',
    value: 'NAME',
    default: '',
    usual: "Docker's name of the host",
    help: 'name of this node, unique in the cluster',
  }),
  advertise: setting(read.optional(read.host), {
    name: 'advertise',
    value: 'ADDRESS',
    default: '',
    usual: 'detected on the host and in its network',
    help: 'address at which other nodes reach this one',
  }),
  docker: setting(read.optional(engine), {
    name: 'docker',
    value: 'URL',
    default: '',
    usual: '`DOCKER_HOST`, else the first usual socket',
    help: 'the Docker engine: `unix:///var/run/docker.sock` or `tcp://host:2375`',
  }),
  allowWrites: switchOff(
    'allow-writes',
    'let Portolan signal and restart containers for `--confd`; else it only reads',
  ),
  http: setting(read.orOff(read.listen), {
    name: 'http',
    value: 'ADDRESS',
    default: ':8080',
    image: ':80',
    help: 'entrypoint `http` (also called `web`); `off` closes it',
  }),
  https: setting(read.orOff(read.listen), {
    name: 'https',
    value: 'ADDRESS',
    default: 'off',
    image: ':443',
    help: 'entrypoint `https` (also called `websecure`): HTTP/1.1 and HTTP/2; opens with the first certificate',
  }),
  httpsPort: setting(read.optional(read.portNumber), {
    name: 'https-port',
    value: 'PORT',
    default: '',
    usual: 'where our container publishes it, else its own',
    help: 'port at which clients reach `https`: where redirects lead',
  }),
  certs: setting(read.optional(read.words), {
    name: 'certs',
    value: 'FOLDER',
    default: '',
    help: 'certificates for `--https`: `name.crt` and `.key`, `name.pem`, `name/fullchain.pem` and `privkey.pem`',
  }),
  tcp: setting(read.list(read.namedListen), {
    name: 'tcp',
    value: 'NAME=ADDRESS',
    default: '',
    many: true,
    help: 'TCP entrypoints, such as `postgres=:5432`',
  }),
  admin: setting(read.orOff(read.listen), {
    name: 'admin',
    value: 'ADDRESS',
    default: '127.0.0.1:8070',
    image: ':8070',
    help: 'health, metrics, API and dashboard; where the other commands ask',
  }),
  adminTokenFile: file(
    'admin-token-file',
    'file with a token: who has it, as commands with this setting do, may write from other machines',
  ),
  domain: setting(read.domain, {
    name: 'domain',
    value: 'NAME',
    default: 'localhost',
    help: 'default host names are `<service>.<project>.<domain>`',
  }),
  expose: setting(read.oneOf('labelled', 'all'), {
    name: 'expose',
    value: 'WHICH',
    default: 'labelled',
    help: 'route only containers with a routing label, or `all` that look like HTTP',
  }),
  drainMs: setting(read.duration(0), {
    name: 'drain',
    value: 'TIME',
    default: '30s',
    help: "how long a leaving container's requests may take to finish",
  }),
  holdMs: setting(read.duration(0), {
    name: 'hold',
    value: 'TIME',
    default: '30s',
    help: 'how long requests wait for a successor that is starting',
  }),
  trust: setting(read.list(read.range), {
    name: 'trust',
    value: 'RANGE',
    default: '',
    usual: 'none',
    many: true,
    help: 'addresses whose X-Forwarded-*, Forwarded and PROXY headers are believed',
  }),
  confd: setting(read.orOff(read.words), {
    name: 'confd',
    value: 'FOLDER',
    default: 'off',
    image: '/etc/confd',
    help: 'folder with `conf.d/*.toml` and `templates/`',
  }),
  state: setting(read.orOff(read.words), {
    name: 'state',
    value: 'FOLDER',
    default: 'off',
    image: '/var/lib/portolan',
    help: 'keeps the last good state, for a start while the store is away',
  }),
  workers: setting(read.workers, {
    name: 'workers',
    value: 'COUNT',
    default: 'cores',
    help: 'threads that serve HTTP',
  }),
  bufferBytes: setting(read.buffers, {
    name: 'buffers',
    value: 'SIZE',
    default: 'auto',
    usual: 'an eighth of the memory, `64m` to `1g`',
    help: 'how many bytes may wait in the proxy for clients and services which do not keep up',
  }),
  roles: setting(read.list(read.oneOf('registrator', 'proxy', 'confd', 'admin')), {
    name: 'roles',
    value: 'ROLE',
    default: 'registrator,proxy,confd,admin',
    many: true,
    help: 'what this process does',
  }),
  secrets: setting(read.words, {
    name: 'secrets',
    value: 'FOLDER',
    default: '/run/secrets',
    help: 'folder of the files that `portolan.probe.password-file` may name',
  }),
  accessLog: setting(read.accessLog, {
    name: 'access-log',
    value: 'WHICH',
    default: 'off',
    help: 'requests to log to standard output: `errors`, `all`, a share such as `1%`, or `off`',
  }),
  logLevel: setting(read.oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'), {
    name: 'log-level',
    value: 'LEVEL',
    default: 'info',
    help: '`trace`, `debug`, `info`, `warn`, `error` or `silent`',
  }),
  logFormat: setting(read.logFormat, {
    name: 'log-format',
    value: 'FORMAT',
    default: 'auto',
    usual: '`json`, `pretty` on a terminal',
    help: '`json` or `pretty`',
  }),
})

/** The words to all settings, in order. */
export const settingWords: readonly About[] = Object.values(settings.shape).flatMap(
  (one) => abouts.get(one) ?? [],
)

/** Checked here, so that a wrong one is a wrong setting; read again with its TLS files. */
function engine(text: string): string {
  parseEngineAddress(text, false)
  return text
}
