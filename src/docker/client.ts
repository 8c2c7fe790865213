import type { Agent } from 'node:http'
import { inspect } from 'node:util'

import { PortolanError } from '../core/errors.ts'
import { http, https } from '../core/node-http.ts'
import { Dockerode } from './dockerode.ts'
import type { EngineAddress } from './socket.ts'

/** PEM texts: the authority that signed the engine's certificate, and our own certificate and key. */
export type Tls = { readonly ca: string; readonly cert: string; readonly key: string }

type Call = { readonly abortSignal: AbortSignal }

/**
 * The part of dockerode that we use: GETs only. Answers are `unknown`, to be parsed. Its own types know neither
 * the signal, which every call takes, nor a `since` with nanoseconds.
 */
export type Client = {
  ping(call: Call): Promise<unknown>
  version(call: Call): Promise<unknown>
  info(call: Call): Promise<unknown>
  listContainers(call: Call): Promise<unknown>
  listNetworks(call: Call): Promise<unknown>
  getContainer(id: string): { inspect(call: Call): Promise<unknown> }
  /** Takes `since` (as text), `filters` (as JSON) and `abortSignal`. */
  getEvents(query: object): Promise<NodeJS.ReadableStream>
}

/** Keep-alive saves a connect for each call, and tells the death of the peer of a silent stream. */
export function agentFor(address: EngineAddress): Agent {
  const options = { keepAlive: true, keepAliveMsecs: 1000 }
  const secure = address.kind === 'tcp' && address.secure
  const agent = secure ? new https.Agent(options) : new http.Agent(options)
  // dockerode's transport prints its options in depth for each request, even when nobody reads it: an agent with
  // its sockets costs milliseconds
  return Object.assign(agent, { [inspect.custom]: () => 'agent' })
}

/**
 * A dockerode for `address`. Every field that it would read from DOCKER_* variables is given, so that it has no
 * say in where we go. `version` is like `v1.45`; empty for none.
 */
export function clientOf(
  address: EngineAddress,
  tls: Tls | undefined,
  agent: Agent,
  version: string,
): Client {
  const options = { ...placeOf(address, tls), agent, version, timeout: 0 }
  return new Dockerode(options)
}

function placeOf(address: EngineAddress, tls: Tls | undefined) {
  const none = { ca: '', cert: '', key: '' }
  if (address.kind === 'unix') {
    return { ...none, socketPath: address.path, host: '', protocol: 'http' } as const
  }
  const { host, port, secure } = address
  const protocol = secure ? 'https' : 'http'
  return { ...none, ...(secure ? tls : {}), host: `${protocol}://${host}`, port, protocol } as const
}

/**
 * What `send` gives, unless `ms` are over or `signal` aborts before. The race is needed: dockerode's promises
 * stay pending for ever when an answer is cut off in the middle.
 */
export async function limited<T>(
  what: string,
  ms: number,
  send: (abortSignal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted()
  const call = new AbortController()
  const { promise: over, reject } = Promise.withResolvers<never>()
  const stop = (reason: unknown) => {
    reject(reason)
    call.abort(reason)
  }
  const late = new PortolanError('docker-down', `${what} got no answer within ${ms} ms`)
  const timer = setTimeout(() => stop(late), ms)
  const aborted = () => stop(signal.reason)
  signal.addEventListener('abort', aborted)
  try {
    return await Promise.race([send(call.signal), over])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', aborted)
  }
}
