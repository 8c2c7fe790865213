// http-proxy with nothing around it but node:http: `bare.ts PORT`. Forwards everything to PORT over kept connections.
// Prints its own port.

import { Agent, createServer } from 'node:http'

import httpProxy from 'http-proxy'

const target = `http://127.0.0.1:${process.argv[2]}`
const proxy = httpProxy.createProxyServer({
  target,
  agent: new Agent({ keepAlive: true, maxFreeSockets: 256 }),
})
const server = createServer((request, response) => proxy.web(request, response))
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(address.port)
})
