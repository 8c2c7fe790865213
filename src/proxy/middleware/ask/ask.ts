import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

import { http, https } from '../../../core/node-http.ts'

/** A request of our own, to somebody who decides about a request or knows what to answer. */
export type Ask = {
  readonly url: URL
  readonly method: string
  /** With Host, if another is meant than the URL's. Name, value, name, value. */
  readonly headers: readonly string[]
  readonly body?: Buffer | undefined
  /** Nobody waits for the answer any more. */
  readonly signal?: AbortSignal
}

export type Reply = {
  readonly status: number
  /** Name, value, name, value. */
  readonly headers: readonly string[]
  readonly body: Buffer
}

/** Of an answer; more is a failure. */
const maxBytes = 1_048_576

/**
 * Asks, over connections that are kept. Rejects when there is no answer within `limitMs`, and before anything is sent
 * when `isOwn` says that the other end is one of our own listeners. `rejectUnauthorized`: certificates have to be good.
 */
export function asker(
  limitMs: number,
  isOwn: (ip: string, port: number) => boolean,
  rejectUnauthorized = true,
) {
  const options = { keepAlive: true, maxFreeSockets: 8, timeout: 15_000, rejectUnauthorized }
  const agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) }

  async function once(ask: Ask, signal: AbortSignal): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const asked = ask.url.protocol === 'https:' ? https.request : http.request
    const agent = ask.url.protocol === 'https:' ? agents['https:'] : agents['http:']
    const { method } = ask
    const named = ask.headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'host')
    const headers = [...(named ? [] : ['Host', ask.url.host]), ...ask.headers]
    const outgoing = asked(ask.url, { method, headers, agent, signal })
    outgoing.on('response', resolve)
    outgoing.on('error', reject)
    outgoing.on('socket', (socket) => guard(outgoing, socket, isOwn))
    // a protocol that nobody asked for
    outgoing.on('upgrade', (_, socket) => socket.destroy())
    outgoing.on('close', () => reject(new Error('the connection ended without an answer')))
    outgoing.end(ask.body)
    const answer = await promise.catch((error: unknown) => {
      if (!outgoing.reusedSocket || signal.aborted) throw error
      return undefined
    })
    // a kept connection may have been closed from the other end meanwhile
    if (!answer) return await once(ask, signal)
    return {
      status: answer.statusCode ?? 502,
      headers: answer.rawHeaders,
      body: await bodyOf(answer),
    }
  }

  return (ask: Ask): Promise<Reply> => {
    const late = AbortSignal.timeout(limitMs)
    return once(ask, ask.signal ? AbortSignal.any([late, ask.signal]) : late)
  }
}

/** Runs before the request is written to the socket. */
function guard(
  outgoing: ClientRequest,
  socket: Socket,
  isOwn: (ip: string, port: number) => boolean,
): void {
  if (!socket.connecting) return
  socket.once('connect', () => {
    if (!isOwn(socket.remoteAddress ?? '', socket.remotePort ?? 0)) return
    outgoing.destroy(new Error('that is the proxy itself'))
  })
}

async function bodyOf(answer: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of answer) {
    if (!Buffer.isBuffer(part)) continue
    length += part.length
    if (length > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}
