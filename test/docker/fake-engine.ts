import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { inspectJson } from './json.ts'

type Fault = 'hang' | 'cut' | number

/** An engine on a unix socket for what a real one can't be made to do. It answers as its fields say. */
export type FakeEngine = AsyncDisposable & {
  readonly host: string
  /** What inspect tells, by id. */
  readonly containers: Map<string, ReturnType<typeof inspectJson>>
  /** What the list tells, when that is not the same. */
  listed: readonly string[] | undefined
  /** By the beginning of the path, without its version. */
  readonly faults: Map<string, Fault>
  /** Called at each inspect before it is answered. */
  onInspect: (id: string) => Promise<void> | void
  /** Requests so far: method and path without version. */
  readonly requests: string[]
  id: string
  /** Sends text to all readers of events. */
  send(text: string): void
  emit(action: string, id: string, attributes?: Record<string, string>): void
  cutStreams(): void
  readers(): number
}

export async function fakeEngine(): Promise<FakeEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'engine-'))
  const path = join(folder, 'docker.sock')
  const streams = new Set<ServerResponse>()
  let nanos = 1_790_000_000_000_000_000n
  const engine: FakeEngine = {
    host: `unix://${path}`,
    containers: new Map(),
    listed: undefined,
    faults: new Map(),
    onInspect: () => {},
    requests: [],
    id: 'engine-1',
    send(text) {
      for (const stream of streams) stream.write(text)
    },
    emit(action, id, attributes = {}) {
      engine.send(`${eventLine(action, id, attributes, (nanos += 1_000_000n))}\n`)
    },
    cutStreams() {
      for (const stream of streams) stream.destroy()
    },
    readers: () => streams.size,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true })
    },
  }
  const server = createServer((request, response) => {
    const route = (request.url ?? '').replace(/^\/v1\.\d+/, '')
    engine.requests.push(`${request.method} ${route}`)
    const fault = [...engine.faults].find(([start]) => route.startsWith(start))?.[1]
    if (fault === 'hang') return
    if (fault === 'cut') {
      response.writeHead(200, { 'content-length': 1000 }).write('[{"Id":')
      setTimeout(() => response.destroy(), 10)
    } else if (fault !== undefined) {
      response.writeHead(fault).end(JSON.stringify({ message: 'no, says the fake' }))
    } else if (route.startsWith('/events')) {
      streams.add(response)
      response.on('close', () => streams.delete(response))
      response.writeHead(200).flushHeaders()
    } else void answer(engine, route, response)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return engine
}

async function answer(engine: FakeEngine, route: string, response: ServerResponse) {
  const id = /^\/containers\/([0-9a-f]+)\/json/.exec(route)?.[1]
  if (id !== undefined) await engine.onInspect(id)
  const found = id === undefined ? generalAnswer(engine, route) : engine.containers.get(id)
  response.writeHead(found === undefined ? 404 : 200)
  response.end(JSON.stringify(found ?? { message: 'not found' }))
}

function generalAnswer({ id, listed, containers }: FakeEngine, route: string): unknown {
  if (route.startsWith('/containers/json')) {
    return (listed ?? [...containers.keys()]).map((one) => ({ Id: one }))
  }
  if (route.startsWith('/version')) return { Version: '27.0', ApiVersion: '1.46' }
  if (route.startsWith('/info')) {
    return { ID: id, Name: 'fake', SystemTime: '2026-01-02T03:04:05.5Z', SecurityOptions: [] }
  }
  return route.startsWith('/_ping') ? 'OK' : undefined
}

/** One line of the stream, as engines write it. */
export function eventLine(
  action: string,
  id: string,
  attributes: Record<string, string>,
  nanos: bigint,
): string {
  const network = action === 'connect' || action === 'disconnect'
  const Actor = network
    ? { ID: 'n1', Attributes: { container: id, name: 'net', type: 'bridge' } }
    : { ID: id, Attributes: attributes }
  const Type = network ? 'network' : 'container'
  const rest = JSON.stringify({ Type, Action: action, Actor, scope: 'local' })
  return `${rest.slice(0, -1)},"time":${nanos / 1_000_000_000n},"timeNano":${nanos}}`
}
