import { PortolanError } from '../../core/errors.ts'
import type { Middleware } from '../../core/middleware.ts'
import type { Route } from '../../core/route.ts'
import type { Container } from '../../docker/docker.ts'
import type { DeclaredPort } from './dialect.ts'
import type { Given, GivenReader } from './given.ts'
import { choiceOf, portOf } from './labels.ts'

/** The variable of this name, else the label; an empty text is as good as none. */
export function settingOf({ env, labels }: Container, name: string): Given {
  const variable = env[name]?.trim() ?? ''
  if (variable !== '') return { from: 'variable', name, text: variable }
  return { from: 'label', name, text: labels[name]?.trim() ?? '' }
}

/** nginx-proxy's choice: what is given, else the only exposed port (udp counts), else 80. Undefined: a bad one. */
export function portFor(
  { ports }: Container,
  given: Given,
  reader: GivenReader,
): number | undefined {
  if (given.text !== '') return reader.read(given, portOf)
  const [only] = ports
  if (only && ports.length === 1) return only.port
  if (ports.length > 1 && !ports.some(({ port, protocol }) => port === 80 && protocol === 'tcp')) {
    reader.note(given, {
      severity: 'warning',
      why: `of ${ports.length} exposed ports none is 80, which is what is routed to then`,
      remedy: `say which one it is: VIRTUAL_PORT=${ports.at(0)?.port}`,
    })
  }
  return 80
}

/** What the containers speak. Throws for protocols that are not HTTP. */
export function schemeOf(text: string): NonNullable<DeclaredPort['scheme']> {
  const known = ['http', 'https', 'grpc', 'grpcs', 'uwsgi', 'fastcgi'] as const
  const proto = choiceOf(known)(text)
  switch (proto) {
    case 'http':
    case 'https':
      return proto
    case 'grpc':
      return 'h2c'
    case 'grpcs':
      throw new PortolanError(
        'bad-value',
        'gRPC goes to containers without TLS; write grpc, and let the container serve it so',
      )
    case 'uwsgi':
    case 'fastcgi':
      throw new PortolanError(
        'bad-value',
        `only HTTP goes to containers, not ${proto}; put a web server with it that speaks HTTP`,
      )
  }
}

/** By HTTPS_METHOD. What is not understood is served by both. */
export function httpsOf(
  method: Given,
  reader: GivenReader,
): { readonly entrypoints: readonly string[]; readonly toHttps: boolean } {
  const choice = choiceOf(['redirect', 'noredirect', 'nohttp', 'nohttps'] as const)
  const found = method.text === '' ? 'redirect' : reader.read(method, choice)
  const entrypoints = { nohttp: ['https'], nohttps: ['http'], redirect: both, noredirect: both }
  return { entrypoints: found ? entrypoints[found] : both, toHttps: found === 'redirect' }
}

const both = ['http', 'https']

export function tlsOf(certificate: Given, reader: GivenReader): Route['tls'] {
  if (certificate.text === '') return null
  const name = reader.read(certificate, (text) => {
    if (/^[A-Za-z0-9_*][A-Za-z0-9_.*-]{0,252}$/.test(text)) return text
    throw new PortolanError(
      'bad-value',
      'it is not the name of a certificate; write that of its files, without .crt',
    )
  })
  return name === undefined ? null : { passthrough: false, certificate: name, domains: [] }
}

/** By NETWORK_ACCESS; what is not understood keeps strangers out. */
export function accessOf(access: Given, reader: GivenReader): Record<string, Middleware> {
  const choice = choiceOf(['external', 'internal'] as const)
  const found = access.text === '' ? 'external' : reader.read(access, choice)
  if (found === 'external') return {}
  return { 'nginx-proxy internal': { allowIp: { ranges: [...internal], status: 403 } } }
}

/** As nginx-proxy has them. */
const internal = ['127.0.0.0/8', '10.0.0.0/8', '192.168.0.0/16', '172.16.0.0/12', 'fc00::/7']
