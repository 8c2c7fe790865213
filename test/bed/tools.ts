import { existsSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

import { isRootOnDebian, run, say, SetupError } from './shell.ts'

/** Commands that tests call, or files that they need, and the packages of Debian that have them. */
const packages = {
  openssl: 'openssl',
  ip: 'iproute2',
  iptables: 'iptables',
  'redis-server': 'redis-server',
  'redis-cli': 'redis-tools',
  nginx: 'nginx-light',
  haproxy: 'haproxy',
  dnsmasq: 'dnsmasq-base',
  pgbouncer: 'pgbouncer',
  '/usr/lib/nginx/modules/ngx_stream_module.so': 'libnginx-mod-stream',
  caddy: 'caddy',
  keepalived: 'keepalived',
  '/usr/bin/wget': 'wget',
  pg_ctlcluster: 'postgresql',
} as const

/** Installs the commands that are missing, where we may; else says which. Beds of several hosts are for Linux only. */
export async function bringTools(): Promise<void> {
  const wanted = process.platform === 'linux' ? Object.entries(packages) : [['openssl', 'openssl']]
  const missing = wanted.filter(([command = '']) => findCommand([command]) === undefined)
  if (missing.length === 0) return
  const names = missing.map(([, name = '']) => name)
  if (!(await aptInstalled(names))) {
    throw new SetupError(`the tests need these packages: ${names.join(', ')}; install them`)
  }
}

/** The path of the first of these commands that PATH has; an absolute path is one already. */
export function findCommand(names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const paths = names.flatMap((name) =>
    isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name)),
  )
  return paths.find((path) => existsSync(path))
}

/** Installs packages as root on Debian, and says so; false elsewhere, and if apt fails. */
export async function aptInstalled(names: readonly string[]): Promise<boolean> {
  if (!(await isRootOnDebian())) return false
  say(`installing ${names.join(', ')}`)
  const script = 'say() { :; }; . test/bed/apt.sh; apt_install "$@"'
  return (await run('bash', ['-c', script, 'apt', ...names])) === 0
}
