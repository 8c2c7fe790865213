import type { Container } from '../../src/docker/docker.ts'
import { containerId } from '../core/samples.ts'
import { container } from './containers.ts'

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Labels and variables of all dialects; `*` stands for a name, `#` for a port. */
const names = (
  'portolan.host portolan.path portolan.rule portolan.port portolan.expose portolan.enable portolan.tcp portolan.sni portolan.tls ' +
  'portolan.service portolan.network portolan.weight portolan.scheme portolan.lb portolan.sticky portolan.health ' +
  'portolan.health.interval portolan.role portolan.probe portolan.canary portolan.mirror portolan.fallback portolan.strip ' +
  'portolan.routes.*.host portolan.routes.*.path portolan.routes.*.port portolan.routes.*.rule portolan.redirect-https ' +
  'portolan.basic-auth portolan.forward-auth portolan.allow-ip portolan.rate-limit portolan.in-flight portolan.timeout ' +
  'portolan.header.request.* portolan.header.response.* portolan.compress portolan.max-body portolan.*.* ' +
  'traefik.enable traefik.docker.network traefik.http.routers.*.rule traefik.http.routers.*.entrypoints ' +
  'traefik.http.routers.*.service traefik.http.routers.*.priority traefik.http.routers.*.middlewares ' +
  'traefik.http.routers.*.tls traefik.http.routers.*.tls.domains[0].main traefik.http.routers.*.tls.domains[99999999].sans ' +
  'traefik.http.services.*.loadbalancer.server.port traefik.http.services.*.loadbalancer.server.scheme ' +
  'traefik.http.services.*.loadbalancer.sticky.cookie.name traefik.http.services.*.loadbalancer.healthcheck.path ' +
  'traefik.http.services.*.weighted.services[0].name traefik.http.services.*.loadbalancer.passhostheader ' +
  'traefik.http.middlewares.*.stripprefix.prefixes traefik.http.middlewares.*.chain.middlewares ' +
  'traefik.http.middlewares.*.headers.customrequestheaders.* traefik.http.middlewares.*.ratelimit.average ' +
  'traefik.http.middlewares.*.redirectregex.regex traefik.http.middlewares.*.basicauth.users ' +
  'traefik.http.middlewares.*.* traefik.tcp.routers.*.rule traefik.tcp.services.*.loadbalancer.server.port ' +
  'traefik.udp.routers.*.entrypoints traefik.*.*.*.* traefik.__proto__.*.* ' +
  'VIRTUAL_HOST VIRTUAL_PORT VIRTUAL_PATH VIRTUAL_DEST VIRTUAL_PROTO VIRTUAL_HOST_MULTIPORTS HTTPS_METHOD ' +
  'NETWORK_ACCESS CERT_NAME com.github.nginx-proxy.nginx-proxy.loadbalance ' +
  'SERVICE_NAME SERVICE_ID SERVICE_TAGS SERVICE_IGNORE SERVICE_#_NAME SERVICE_#_ID SERVICE_#_TAGS SERVICE_#_IGNORE ' +
  'SERVICE_CHECK_HTTP SERVICE_CHECK_INTERVAL SERVICE_#_CHECK_TCP SERVICE_#_* SERVICE_* ' +
  'com.docker.compose.project com.docker.compose.service com.docker.compose.container-number'
).split(' ')

const values = [
  '',
  ' ',
  'true',
  'false',
  'TRUE',
  '0',
  '1',
  '-1',
  '80',
  '65535',
  '65536',
  '99999999999999999999',
  '1e3',
  'NaN',

  'a.localhost',
  '*.a.localhost',
  'a.localhost,b.localhost',
  ',,',
  '~^www\\..*$',
  'a..b',
  'xn--bcher-kva',
  'ä.test',

  'Host(`a.localhost`)',
  'Host(`a`) && PathPrefix(`/x`)',
  'HostRegexp(`^(a+)+$`)',
  'Host(`',
  '((((((((((',
  '!!!!!Host(`a`)',

  'PathRegexp(`(x*)*y`)',
  'Header(`x`, `y`)',
  'ClientIP(`10.0.0.0/8`)',
  'HostSNI(`*`)',
  'Method(`GET`) || Query(`a`)',

  '/',
  '/api',
  '//',
  '/../..',
  '/a?b#c',
  'api',
  '/{x:.*}',
  '10s',
  '-5ms',
  '1h1h',
  '5%',
  '101%',
  'cookie:x',
  'primary',

  'p2c',
  'hash:header:X',
  'hash:ip',
  'http',
  'https',
  'h2c',
  'udp',
  'tcp',
  'web,websecure',
  '@file',
  'x@docker',
  'x@y@z',

  'a,b,a',
  'user:$apr1$x$y',
  '10.0.0.0/33',
  '::1/129',
  '{"a":1}',
  '{a: [b',
  'a: &x [*x, *x]',
  '- - - -',
  '!!js/function x',

  '\u0000',
  '\n',
  'x\r\nX-Evil: 1',
  '\u{1F600}',
  '\uD800',
  '`',
  '"',
  "'",
  '${x}',
  '{{ . }}',
  '%00',
  '__proto__',
  'constructor',
]

const parts = [
  'web',
  'a',
  'A',
  '0',
  '',
  '__proto__',
  'constructor',
  'toString',
  'a.b',
  'x@docker',
  ' ',
  '\n',
  'ß',
  'x'.repeat(300),
]

/** A container whose name, labels, environment and ports are made up by `random`. */
export function randomContainer(random: () => number): Container {
  const below = (count: number) => Math.floor(random() * count)
  const pick = <T>(list: readonly T[]) => list[below(list.length)]
  const noise = () =>
    String.fromCodePoint(
      ...Array.from({ length: below(12) }, () => 1 + below(random() < 0.9 ? 126 : 0xd7fe)),
    )
  const value = () => {
    const at = random()
    if (at < 0.75) return pick(values) ?? ''
    if (at < 0.85) return noise()
    if (at < 0.99) return `${pick(values)}${pick([',', ' && ', '.', ''])}${pick(values)}`
    return (pick(values) ?? '').repeat(1 + below(500))
  }
  const label = () =>
    random() < 0.95
      ? (pick(names) ?? '')
          .replaceAll('*', () => pick(parts) ?? '')
          .replaceAll('#', () => String(below(70_000)))
      : noise()
  const some = (most: number) =>
    Object.fromEntries(Array.from({ length: below(most) }, () => [label(), value()]))
  return container({
    id: containerId(below(2 ** 31).toString(16)),
    name: pick(['odd', 'a', 'shop-web-1', 'x'.repeat(200)]) ?? 'odd',
    image: pick(['shop/web:3', 'sha256:abc', '', ':', '///', 'a@b@c', 'x']) ?? '',
    createdAt: pick(['', '2027-01-01T00:00:00Z', 'never']) ?? '',
    labels: some(12),
    env: Object.fromEntries(Object.entries(some(4)).filter(([name]) => /^[A-Z_]+/.test(name))),
    ports: Array.from({ length: below(3) }, () => ({
      port: 1 + below(65_535),
      protocol: random() < 0.8 ? 'tcp' : 'udp',
      published: random() < 0.3 ? { ip: '0.0.0.0', port: 1 + below(65_535) } : null,
    })),
  })
}
