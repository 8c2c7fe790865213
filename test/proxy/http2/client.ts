import { type ClientHttp2Session, connect } from 'node:http2'

import { readCertificate } from '../../../src/certs/read.ts'
import { live } from '../../../src/core/live.ts'
import type { ProxyOptions } from '../../../src/proxy/options.ts'
import { authority } from '../../certs/authority.ts'
import { bed } from '../bed.ts'

/** The host that the certificate is for; also that of the routes of `secured`. */
export const host = 'shop.test'
export const routes = [{ rule: `Host(\`${host}\`)`, entrypoints: ['http', 'https'] }]

/** A proxy that speaks HTTP/2, and connections of clients to it. */
export async function secured(options: Partial<ProxyOptions> = {}) {
  const ca = await authority()
  const { cert, key } = await ca.certificate({ names: [`DNS:${host}`] })
  const certificate = readCertificate({ name: 'a', source: 'folder' }, { chain: cert, key })
  const proxy = await bed({
    listeners: [
      { entrypoint: 'http', host: '127.0.0.1', port: 0 },
      { entrypoint: 'https', host: '127.0.0.1', port: 0, kind: 'https' },
    ],
    certificates: live([certificate]),
    ...options,
  })
  const sessions = new Set<ClientHttp2Session>()
  return {
    ...proxy,
    ca: ca.ca,
    session(initialWindowSize = 65_535): ClientHttp2Session {
      const one = connect(`https://127.0.0.1:${proxy.ports.get('https')}`, {
        ca: ca.ca,
        servername: host,
        settings: { initialWindowSize },
      })
      one.on('error', () => {})
      sessions.add(one)
      return one
    },
    async [Symbol.asyncDispose]() {
      for (const one of sessions) one.destroy()
      await proxy[Symbol.asyncDispose]()
      await ca[Symbol.asyncDispose]()
    },
  }
}
