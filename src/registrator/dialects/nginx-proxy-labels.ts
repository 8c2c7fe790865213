import { PortolanError } from '../../core/errors.ts'
import type { Balance } from '../../core/policy.ts'
import { didYouMean } from '../../core/suggest.ts'
import type { Container } from '../../docker/docker.ts'
import type { GivenReader } from './given.ts'

const start = 'com.github.nginx-proxy.nginx-proxy.'

/** Labels that are about nginx itself; `usual` are the values that change nothing here. */
const foreign = new Map<string, { readonly usual: RegExp; readonly why: string }>([
  ['keepalive', { usual: /^(auto|\d+)$/, why: 'connections to containers are always reused' }],
  [
    'non-get-redirect',
    { usual: /^308$/, why: 'other methods than GET and HEAD are redirected by 308' },
  ],
  ['http2.enable', { usual: /^true$/i, why: 'it is not switched for one container' }],
  ['http3.enable', { usual: /^false$/i, why: 'there is no HTTP/3' }],
  ['ssl_verify_client', { usual: /^off$/i, why: 'certificates of clients are not asked for' }],
  ['trust-default-cert', { usual: /^true$/i, why: 'it is not switched for one container' }],
  ['debug-endpoint', { usual: /^false$/i, why: 'portolan explain shows what it would' }],
  // marks the container that nginx runs in
  ['nginx', { usual: /./, why: '' }],
])

/** The balance that nginx-proxy's labels ask for, if they do; what has no meaning here is said. */
export function balanceLabel({ labels }: Container, reader: GivenReader): Balance | undefined {
  let balance: Balance | undefined
  for (const [name, text] of Object.entries(labels)) {
    if (!name.startsWith(start)) continue
    const key = name.slice(start.length)
    const given = { from: 'label', name, text: text.trim() } as const
    const other = foreign.get(key)
    if (key === 'loadbalance') balance = reader.read(given, balanceOf)
    else if (other === undefined) {
      const known = ['loadbalance', ...foreign.keys()]
      const why = `no such label${didYouMean(key, known)}`
      reader.note(given, { severity: 'warning', why, remedy: 'remove it, or correct its name' })
    } else if (!other.usual.test(given.text)) {
      const remedy = 'remove it, or live without it'
      reader.note(given, { severity: 'warning', why: `no effect: ${other.why}`, remedy })
    }
  }
  return balance
}

const directives: readonly [RegExp, (match: string) => Balance][] = [
  [/^round_robin$/, () => 'round-robin'],
  [/^least_conn$/, () => 'least'],
  [/^ip_hash$/, () => 'hash:ip'],
  [/^random$/, () => 'random'],
  [/^random two(?: least_conn)?$/, () => 'p2c'],
  [/^hash \$(?:binary_)?remote_addr(?: consistent)?$/, () => 'hash:ip'],
  [/^hash \$http_(\w+)(?: consistent)?$/, (name) => `hash:header:${name.replaceAll('_', '-')}`],
  [/^hash \$cookie_(\w+)(?: consistent)?$/, (name) => `hash:cookie:${name}`],
]

/** A directive of nginx's `upstream` block, such as `least_conn;`. */
function balanceOf(text: string): Balance {
  const bare = text.endsWith(';') ? text.slice(0, -1) : text
  const directive = bare.trim().replaceAll(/\s+/g, ' ')
  for (const [pattern, make] of directives) {
    const match = pattern.exec(directive)
    if (match) return make(match[1] ?? '')
  }
  throw new PortolanError(
    'bad-value',
    'it is not a way to balance here; write least_conn, ip_hash, random, random two or ' +
      'hash with $remote_addr, $http_<name> or $cookie_<name>',
  )
}
