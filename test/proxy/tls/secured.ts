import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'

import { beforeAll } from 'vitest'

import type { Certificate, CertificateSet } from '../../../src/core/certificate.ts'
import { live } from '../../../src/core/live.ts'
import { ownAuthority } from '../../certs/own-authority.ts'
import { bed, catalogOf, instance, type Sketch } from '../bed.ts'

export const limitMs = 180_000

type Asked = { readonly host?: string; readonly servername?: string; readonly method?: string }

/** Proxies with TLS and their clients, for the tests of one file. */
export function secured() {
  const own = ownAuthority()
  let wild: Certificate
  let shop: Certificate

  beforeAll(async () => {
    wild = await own.made('wild', '*.example.test')
    shop = await own.made('shop', 'shop.example.test')
  }, limitMs)

  /** A proxy with an entrypoint for TLS, and routes to `sketches` on it. */
  async function scene(...sketches: readonly Sketch[]) {
    const certificates = live<CertificateSet>([wild])
    const at = await bed({
      listeners: [{ entrypoint: 'https', host: '127.0.0.1', port: 0, kind: 'https' }],
      certificates,
    })
    const instances = sketches.map(({ rule = 'Host(`shop.example.test`)', ...rest }) =>
      instance({ ...rest, routes: [{ rule, entrypoints: ['https'] }] }),
    )
    at.catalog.set(catalogOf(instances))
    return { ...at, certificates }
  }

  /** By HTTP/1.1. */
  async function get(
    port: number,
    { host = 'shop.example.test', servername = host, method = 'GET' }: Asked = {},
  ) {
    const asked = request({
      port,
      host: '127.0.0.1',
      servername,
      ca: own.ca,
      method,
      agent: false,
      headers: { host },
    })
    asked.end()
    const [answer] = await once(asked, 'response')
    return { status: answer.statusCode, body: await text(answer) }
  }

  /** The common name of the certificate that a client gets. */
  async function presented(port: number, servername = 'shop.example.test'): Promise<string> {
    const socket = connectTls({ port, host: '127.0.0.1', servername, ca: own.ca })
    await once(socket, 'secureConnect')
    const { CN } = socket.getPeerCertificate().subject
    socket.destroy()
    return String(CN)
  }

  /** By HTTP/2. */
  function connected(port: number, servername = 'shop.example.test') {
    const client = connectHttp2(`https://127.0.0.1:${port}`, { ca: own.ca, servername })
    client.on('error', () => {})
    return {
      client,
      async get(path: string, { host = servername, body = '' } = {}) {
        const method = body === '' ? 'GET' : 'POST'
        const stream = client.request({ ':path': path, ':authority': host, ':method': method })
        if (body !== '') stream.end(body)
        const [headers] = await once(stream, 'response')
        return { status: headers[':status'], headers, body: await text(stream) }
      },
      [Symbol.dispose]: () => client.destroy(),
    }
  }

  return {
    scene,
    get,
    presented,
    connected,
    get ca() {
      return own.ca
    },
    /** Good for all below example.test. */
    get wild() {
      return wild
    },
    /** Good for shop.example.test. */
    get shop() {
      return shop
    },
  }
}
