import { live } from '../../src/core/live.ts'
import { createLog } from '../../src/core/log.ts'
import type { Container } from '../../src/docker/docker.ts'
import { readingOf } from '../../src/docker/inspect.ts'
import { type Own, ownInstances } from '../../src/registrator/own.ts'
import { createRegistrator } from '../../src/registrator/registrator.ts'
import { embeddedStore } from '../../src/store/embedded.ts'
import { createMirror } from '../../src/store/mirror.ts'
import { createSession } from '../../src/store/session.ts'
import { eventually } from '../../test/e2e/portolan.ts'
import { inspectJsonAt, nodeRecord, prefix } from './world.ts'

export type WriterCosts = {
  /** From the engine's answers to instances, all at once. */
  readonly readMs: number
  readonly heapMiB: number
  /** Until all of it stands in an (embedded) store. */
  readonly registerMs: number
  /** Of one container's change, from the engine's answer to the store. */
  readonly changeMicros: number
  readonly revisionsPerChange: number
  readonly idleRevisions: number
}

const engine = { id: 'E', name: 'here', version: '', apiVersion: '', kind: 'native' } as const
const settings = {
  node: 'here',
  domain: 'localhost',
  exposeAll: false,
  plainPrefix: '/services',
  plainAddress: 'auto',
  advertise: '10.0.0.1',
} as const

/** Registers `count` containers, then changes one after the other, `rounds` times, then does nothing for `idleMs`. */
export async function measureWriter(
  count: number,
  rounds: number,
  idleMs: number,
): Promise<WriterCosts> {
  const texts = Array.from({ length: count }, (_, at) => JSON.stringify(inspectJsonAt(at)))
  const toOwn = ownInstances(settings)
  const heapBefore = heapMiB()
  const readFrom = performance.now()
  const byId = new Map(texts.map((text) => entryOf(text)))
  const first = toOwn({ kind: 'known', engine, byId: new Map(byId), self: undefined })
  const readMs = performance.now() - readFrom
  const heap = heapMiB() - heapBefore

  const own = live<Own | undefined>(first)
  await using node = startNode(own)
  const registerFrom = performance.now()
  await eventually(async () => (await node.keys()) === 2 * count + 1, 60_000)
  const registerMs = performance.now() - registerFrom

  await node.written()
  const before = await node.revision()
  const cpu = process.cpuUsage()
  for (let round = 0; round < rounds; round++) {
    const [id, one] = entryOf(JSON.stringify(inspectJsonAt(round % count, String(2 + round))))
    byId.set(id, one)
    own.set(toOwn({ kind: 'known', engine, byId: new Map(byId), self: undefined }))
    await node.written()
  }
  const { user, system } = process.cpuUsage(cpu)
  const changed = await node.revision()
  await new Promise((resolve) => setTimeout(resolve, idleMs))
  return {
    readMs,
    heapMiB: heap,
    registerMs,
    changeMicros: (user + system) / rounds,
    revisionsPerChange: (changed - before) / rounds,
    idleRevisions: (await node.revision()) - changed,
  }
}

function entryOf(text: string): [string, Container] {
  const reading = readingOf(JSON.parse(text))
  if (!reading) throw new Error('a container that does not run')
  return [reading.container.id, reading.container]
}

/** A registrator on an embedded store. */
function startNode(own: ReturnType<typeof live<Own | undefined>>) {
  const stop = new AbortController()
  const store = embeddedStore()
  const onError = (error: unknown) => console.error(error)
  const session = createSession({ store, ttlSeconds: 15, onError })
  const mirror = createMirror({ store, prefix: `${prefix}/`, onError })
  const plain = createMirror({ store, prefix: '/services/', onError })
  const log = createLog({ level: 'silent', format: 'json' })
  const record = nodeRecord('here')
  const registrator = createRegistrator({
    store,
    session,
    mirror,
    plain,
    prefix,
    record,
    own,
    log,
    report: () => {},
  })
  const heard = mirror.follow(stop.signal)[Symbol.asyncIterator]()
  const running = [session, mirror, plain, registrator].map(async (one) => one.run(stop.signal))
  const list = () => store.list('/', stop.signal)
  return {
    keys: async () => (await list()).entries.size,
    revision: async () => (await list()).revision,
    /** Resolves when more has reached the mirror than the last time; to wait costs nothing. */
    written: async () => void (await heard.next()),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.all(running)
      await store[Symbol.asyncDispose]()
    },
  }
}

function heapMiB(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}
