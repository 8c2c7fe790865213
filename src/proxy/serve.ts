import { randomUUID } from 'node:crypto'
import type { Agent, IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

import { plainAddress } from '../core/ranges.ts'
import { admit, type Admitted } from './admit.ts'
import { type Answer, loop, send, sendRaw } from './answers.ts'
import { noService } from './counters.ts'
import { deliver, type Delivering, type Parcel } from './deliver.ts'
import type { Attempt, Forward } from './engine.ts'
import { hasPassed, requestHeaders, responseHeaders } from './headers.ts'
import { strippedPath } from './paths.ts'
import type { TableRoute } from './route.ts'
import type { Trust } from './trust.ts'
import { tunnelOf } from './tunnel.ts'
import type { Upstream } from './upstreams.ts'
import { viewOf } from './view.ts'
import type { Counting } from './worker/counting.ts'

export type ServeOptions = {
  readonly shared: Delivering
  readonly forward: Forward
  readonly counting: Counting
  readonly trust: Trust
  /** What we are called in Via, unique to this process. */
  readonly via: string
  readonly firstByteMs: number
  readonly idleMs: number
}

/** The HTTP side of one entrypoint. Neither function rejects. */
export type Serve = {
  readonly request: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  readonly upgrade: (request: IncomingMessage, client: Duplex, head: Buffer) => Promise<void>
}

type At = { readonly entrypoint: string; readonly place: number }

/** A client has this long to close its half after us. */
const lingerMs = 2000
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/** `place`: that of the entrypoint in the counters. */
export function serve(entrypoint: string, place: number, options: ServeOptions): Serve {
  const at = { entrypoint, place }
  return {
    request: (request, response) => answerRequest(request, response, at, options),
    upgrade: (request, client, head) => answerUpgrade(request, client, head, at, options),
  }
}

async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  at: At,
  options: ServeOptions,
): Promise<void> {
  const finish = (answer: Answer) => send(request, response, answer)
  const wanted = admitted(request, options.via)
  if ('status' in wanted) return refuse(at, wanted, options.counting, finish)
  if (wanted.path === '*') return void response.writeHead(204).end()
  const gone = new AbortController()
  response.once('close', () => {
    // an abort that nobody waits for would still cost the making of its error
    if (!response.writableFinished) gone.abort()
  })
  const awaited = /^100-continue$/i.test(request.headers.expect ?? '')
  const attemptFor = attempts(request, wanted, options, () => {
    if (awaited) response.writeContinue()
  })
  const parcel = {
    view: viewOf(request, wanted),
    entrypoint: at.entrypoint,
    repeatable: idempotent.has(request.method ?? '') && !wanted.hasBody,
    alone: false,
    gone: gone.signal,
    attempt: (route: TableRoute, upstream: Upstream, agent: Agent) =>
      options.forward.request(request, response, attemptFor(route, upstream, agent)),
  }
  const status = () => (response.headersSent ? response.statusCode : 0)
  await delivered(parcel, at, options, finish, status)
}

async function answerUpgrade(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  at: At,
  options: ServeOptions,
): Promise<void> {
  const finish = (answer: Answer) => sendRaw(client, answer)
  client.on('error', () => client.destroy())
  endWithUs(client)
  const wanted = admitted(request, options.via)
  if ('status' in wanted) return refuse(at, wanted, options.counting, finish)
  const gone = new AbortController()
  client.once('close', () => gone.abort())
  const attemptFor = attempts(request, wanted, options, () => {})
  let status = 0
  const parcel = {
    view: viewOf(request, wanted),
    entrypoint: at.entrypoint,
    repeatable: false,
    alone: true,
    gone: gone.signal,
    attempt: async (route: TableRoute, upstream: Upstream, agent: Agent) => {
      const attempt = attemptFor(route, upstream, agent)
      const outcome = await options.forward.upgrade(request, client, head, attempt, (server) => {
        keepTunnel(upstream, client, server)
      })
      if (outcome.kind === 'done') status = outcome.status
      return outcome
    },
  }
  await delivered(parcel, at, options, finish, () => status)
}

/** Node lets a client keep its half open for ever, and no time limit of the server counts any more. */
function endWithUs(client: Duplex): void {
  client.once('finish', () => {
    const timer = setTimeout(() => client.destroy(), lingerMs)
    client.once('close', () => clearTimeout(timer))
  })
}

/** Sees a parcel through, and counts it. */
async function delivered(
  parcel: Parcel,
  { place }: At,
  { shared, counting }: ServeOptions,
  finish: (answer: Answer) => void,
  status: () => number,
): Promise<void> {
  const began = performance.now()
  counting.began(place)
  const { route, answer } = await deliver(parcel, shared)
  if (answer) finish(answer)
  const took = (performance.now() - began) / 1000
  counting.answered(place, route?.slot ?? noService, answer?.status ?? status(), took)
}

function keepTunnel({ tunnels }: Upstream, client: Duplex, server: Duplex): void {
  const tunnel = tunnelOf(client, server)
  tunnels.add(tunnel)
  client.once('close', () => tunnels.delete(tunnel))
}

function admitted(request: IncomingMessage, via: string): Admitted | Answer {
  const admission = admit(request)
  if (!admission.ok) return { status: admission.status, why: `Bad request: ${admission.why}.` }
  return hasPassed(request.headers, via) ? loop : admission
}

function refuse(
  { place }: At,
  answer: Answer,
  counting: Counting,
  finish: (answer: Answer) => void,
): void {
  finish(answer)
  counting.began(place)
  counting.answered(place, noService, answer.status, 0)
}

/** Makes attempts from what the client sent; each is told from the next by route and endpoint only. */
function attempts(
  request: IncomingMessage,
  wanted: Admitted,
  options: ServeOptions,
  connected: () => void,
) {
  const { headers, socket } = request
  const { trust, via, firstByteMs, idleMs } = options
  const peer = plainAddress(socket.remoteAddress ?? '')
  const id = randomUUID()
  const origin = {
    peer,
    trusted: trust(peer),
    port: socket.localPort ?? 0,
    via,
    requestId: () => id,
  }

  return (route: TableRoute, { target }: Upstream, agent: Agent): Attempt => {
    const { path, prefix } = strippedPath(wanted.path, route.stripPrefixes)
    const sent = requestHeaders(headers, { ...origin, proto: 'http', prefix })
    const host = target.ip.includes(':') ? `[${target.ip}]` : target.ip
    return {
      target,
      agent,
      path: `${path}${wanted.query}`,
      headers: route.passHost ? sent : { ...sent, host: `${host}:${target.port}` },
      hasBody: wanted.hasBody,
      firstByteMs,
      idleMs,
      answerHeaders: responseHeaders,
      connected,
    }
  }
}
