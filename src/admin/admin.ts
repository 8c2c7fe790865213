import { hostname } from 'node:os'

import fastify, { type FastifyInstance } from 'fastify'
import { collectDefaultMetrics, type Registry } from 'prom-client'

import type { Live } from '../core/live.ts'
import type { Log } from '../core/log.ts'
import { type Feed, eventFeed } from './events.ts'
import { addExplain, type Explained, type Question } from './explain.ts'
import type { GuardOptions } from './guard.ts'
import { type LagMeter, lagMeter } from './lag.ts'
import { type Bound, type Listen, listening } from './listen.ts'
import { dashboard } from './page.ts'
import { addGuard, answerErrors, securityHeaders } from './safety.ts'
import { type About, type Checks, isReady, readiness, viewNames, type Views } from './views.ts'
import { addWishes, type Wish, type Wished } from './wishes.ts'

export type AdminOptions = GuardOptions & {
  readonly listen: Listen
  readonly views: Views
  readonly about: () => About
  readonly checks: () => Checks
  /** Takes this node out of the store until the process starts again; settles when its entries are gone. */
  readonly leave: () => Promise<void>
  /** Wishes about the instances that a text names; undefined where nothing can be wished. */
  readonly wish: ((wish: Wish, instance: string) => Promise<Wished>) | undefined
  /** What is known of a container or a request, and why. */
  readonly explain: (question: Question) => Explained
  /** Changes whenever a view did. */
  readonly events: Live<unknown>
  readonly registry: Registry
  readonly log: Log
  /** From then on the process counts as stuck; 5 s. */
  readonly lagLimitMs?: number
}

/** Disposing of it ends all its connections. */
export type Admin = AsyncDisposable & {
  /** Starts to listen, and gives where. Rejects `listen` when it can't. */
  open(): Promise<Bound>
}

/** Health, readiness, metrics, views, events and the dashboard. It gets functions, and knows no component. */
export function createAdmin(options: AdminOptions): Admin {
  const { registry, log, events, hosts = [] } = options
  const page = dashboard()
  const headers = securityHeaders(page.policy)
  const lag = lagMeter()
  const feed = eventFeed({ events, headers })
  const server = fastify({ bodyLimit: 4096, requestTimeout: 10_000, forceCloseConnections: true })
  const stop = new AbortController()
  const fed = feed.run(stop.signal)

  collectDefaultMetrics({
    register: registry,
    prefix: 'portolan_',
    eventLoopMonitoringPrecision: 100,
  })
  addGuard(server, { ...options, hosts: [hostname(), ...hosts] }, headers)
  answerErrors(server, log)
  addProbes(server, options, lag)
  addViews(server, options, feed)
  addExplain(server, options.explain)
  if (options.wish) addWishes(server, options.wish)
  server.get('/', (_, reply) => reply.type('text/html; charset=utf-8').send(page.html))

  return {
    open: () => listening(server, options.listen),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await fed
      await server.close()
      lag[Symbol.dispose]()
    },
  }
}

function addProbes(server: FastifyInstance, options: AdminOptions, lag: LagMeter): void {
  const { checks, registry, lagLimitMs = 5000 } = options
  server.get('/healthz', (_, reply) => {
    const eventLoopLagMs = lag.recentMs()
    const stuck = eventLoopLagMs > lagLimitMs
    const uptimeSeconds = Math.round(process.uptime())
    return reply
      .code(stuck ? 503 : 200)
      .send({ status: stuck ? 'stuck' : 'ok', eventLoopLagMs, uptimeSeconds })
  })
  server.get('/readyz', (_, reply) => {
    const now = readiness(checks())
    return reply.code(isReady(now) ? 200 : 503).send(now)
  })
  server.get('/metrics', async (_, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  )
}

function addViews(server: FastifyInstance, options: AdminOptions, feed: Feed): void {
  const { views, about, leave } = options
  for (const name of viewNames) server.get(`/v1/${name}`, () => views[name]())
  server.get('/v1/about', () => about())
  server.get('/v1/events', { exposeHeadRoute: false }, (_, reply) => {
    if (!feed.join(reply.raw)) return reply.code(503).send({ error: 'too many readers of events' })
    return reply.hijack()
  })
  server.post('/v1/leave', async () => {
    await leave()
    return { left: true }
  })
}
