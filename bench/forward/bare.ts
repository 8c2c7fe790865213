// One of the two packages with nothing around it but node:http: `bare.ts http-proxy|http-proxy-3 PORT`.
// Forwards everything to PORT over kept connections. Prints its own port.

import { Agent, createServer, type RequestListener } from 'node:http'

import httpProxy from 'http-proxy'
import { createProxyServer } from 'http-proxy-3'

const [name = '', port = ''] = process.argv.slice(2)
const target = `http://127.0.0.1:${port}`
const agent = new Agent({ keepAlive: true, maxFreeSockets: 256 })

const server = createServer(name === 'http-proxy' ? older() : newer())
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(address.port)
})

function older(): RequestListener {
  const proxy = httpProxy.createProxyServer({ target, agent })
  return (request, response) => proxy.web(request, response)
}

function newer(): RequestListener {
  const proxy = createProxyServer({ target, agent })
  return (request, response) => proxy.web(request, response)
}
