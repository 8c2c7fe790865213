import type { ClientRequest, IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'

import { createProxyServer } from 'http-proxy-3'

import { connectTimeoutMs } from './dial.ts'
import type { Attempt, Forward } from './engine.ts'
import { exchange, type Exchange } from './exchange.ts'
import { upgradeExchange } from './upgrade-exchange.ts'

/** Connections by the package http-proxy-3; see docs/decisions/0002-http-proxy.md for what it is and is not used. */
export function httpProxy(): Forward {
  const running = new WeakMap<IncomingMessage, Exchange>()
  const proxy = createProxyServer({ selfHandleResponse: true, toProxy: true, secure: false })
  // it marks each DELETE and OPTIONS without a length as empty, even when a chunked body follows
  proxy.before('web', 'stream', (request: IncomingMessage) => {
    const exchanged = running.get(request)
    if (exchanged) request.headers = { ...exchanged.headers }
  })
  proxy.on('proxyReq', (outgoing, request, _response, _options, socket) => {
    running.get(request)?.onSocket(outgoing, socket)
  })
  proxy.on('proxyRes', (answer, request) => running.get(request)?.onAnswer(answer))
  proxy.on('proxyReqWs', (outgoing: ClientRequest, request: IncomingMessage) => {
    running.get(request)?.onUpgrade(outgoing)
  })
  // what happens to a connection after its exchange has settled is of no interest
  proxy.on('error', () => {})

  return {
    request(request, response, attempt) {
      const body = attempt.hasBody ? new PassThrough() : undefined
      const one = exchange(request, response, attempt, body)
      running.set(request, one)
      request.url = attempt.path
      const options = {
        target: targetOf(attempt),
        agent: attempt.agent,
        connectTimeout: connectTimeoutMs(attempt.target),
      }
      proxy.web(request, response, body ? { ...options, buffer: body } : options, one.onError)
      return one.outcome
    },
    upgrade(request, client, head, attempt, opened) {
      const one = upgradeExchange(client, attempt, opened)
      running.set(request, one)
      request.url = attempt.path
      request.headers = { ...one.headers }
      const options = { target: targetOf(attempt), agent: attempt.agent }
      proxy.ws(request, client, head, options, one.onError)
      return one.outcome
    },
  }
}

function targetOf({ target: { protocol, ip, port } }: Attempt) {
  return { protocol: `${protocol}:`, host: ip, port }
}
