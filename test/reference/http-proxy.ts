import { createServer } from 'node:http'

import httpProxy from 'http-proxy'

import { closed, listeningOn } from '../listening.ts'

/**
 * A second opinion: http-proxy over Node's own HTTP, before an endpoint on `port`. It keeps no connection to it, and
 * leaves targets as they are, but for two slashes in a row, of which it makes one. Not for use.
 */
export async function referenceProxy(port: number) {
  const proxy = httpProxy.createProxyServer({ target: { host: '127.0.0.1', port }, toProxy: true })
  const server = createServer((incoming, answer) => {
    // Node has said 100 itself; with this header it would write others that are not ASCII as UTF-8
    delete incoming.headers.expect
    proxy.web(incoming, answer)
  })
  server.on('upgrade', (incoming, socket, head) => proxy.ws(incoming, socket, head))
  // it would tell clients to close because the endpoint does
  proxy.on('proxyRes', ({ headers }) => {
    delete headers.connection
  })
  proxy.on('error', (_, __, answer) => {
    answer.destroy()
  })
  return {
    port: await listeningOn(server),
    async [Symbol.asyncDispose]() {
      const end = closed(server)
      server.closeAllConnections()
      proxy.close()
      await end
    },
  }
}
