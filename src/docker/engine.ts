import { Readable } from 'node:stream'

import { z } from 'zod'

import { agentFor, type Client, clientOf, limited, type Tls } from './client.ts'
import type { Engine } from './docker.ts'
import { eventFilters, sinceOf } from './events.ts'
import { networkIdsIn, type Reading, readingOf } from './inspect.ts'
import { networkReader } from './network-facts.ts'
import { statusOf } from './remedy.ts'
import type { EngineAddress } from './socket.ts'

/** What we ask an engine. Every method rejects when no answer has begun within the time limit. */
export type EngineClient = Disposable & {
  readonly engine: Engine
  /** The engine's clock when we came, as `seconds.nanoseconds`. */
  readonly now: string
  /** Ids of running, paused and restarting containers. Lags up to a third of a second behind the events. */
  list(signal: AbortSignal): Promise<string[]>
  /** Consistent with the events, unlike the list. Undefined when it doesn't run or is gone. */
  inspect(id: string, signal: AbortSignal): Promise<Reading | undefined>
  /** Whether there is a container whose id begins with `id`, running or not. */
  exists(id: string, signal: AbortSignal): Promise<boolean>
  /** Resolves when the engine has begun to answer. The stream is the caller's to read and destroy. */
  events(since: string, signal: AbortSignal): Promise<Readable>
  ping(signal: AbortSignal): Promise<void>
}

export type EngineOptions = {
  readonly address: EngineAddress
  readonly tls: Tls | undefined
  /** Time limit of a call. */
  readonly callMs: number
}

/** Connects, agrees on a version of the API and asks who the engine is. Rejects when it doesn't answer. */
export async function openEngine(
  { address, tls, callMs }: EngineOptions,
  signal: AbortSignal,
): Promise<EngineClient> {
  using cleanup = new DisposableStack()
  const agent = cleanup.adopt(agentFor(address), (one) => one.destroy())
  const unversioned = clientOf(address, tls, agent, '')
  const version = versionAnswer.parse(
    await limited(
      'GET /version',
      callMs,
      (abortSignal) => unversioned.version({ abortSignal }),
      signal,
    ),
  )
  const apiVersion = negotiated(version.ApiVersion, version.MinAPIVersion)
  const client = clientOf(address, tls, agent, `v${apiVersion}`)
  const info = infoAnswer.parse(
    await limited('GET /info', callMs, (abortSignal) => client.info({ abortSignal }), signal),
  )
  const { ID: id, Name: name } = info
  const engine = { id, name, version: version.Version, apiVersion, kind: kindOf(info) }
  const kept = cleanup.move()
  return {
    engine,
    now: sinceOf(info.SystemTime),
    ...callsOf(client, callMs),
    [Symbol.dispose]: () => kept.dispose(),
  }
}

function callsOf(client: Client, callMs: number) {
  /** Undefined when there is no such container. */
  const asked = async (id: string, signal: AbortSignal): Promise<unknown> => {
    const send = (abortSignal: AbortSignal) => client.getContainer(id).inspect({ abortSignal })
    try {
      return await limited(`GET /containers/${id}/json`, callMs, send, signal)
    } catch (error) {
      if (statusOf(error) === 404) return undefined
      throw error
    }
  }
  const networks = networkReader(async (signal) => {
    const send = (abortSignal: AbortSignal) => client.listNetworks({ abortSignal })
    return limited('GET /networks', callMs, send, signal)
  })
  return {
    async list(signal: AbortSignal) {
      const send = (abortSignal: AbortSignal) => client.listContainers({ abortSignal })
      const answer = await limited('GET /containers/json', callMs, send, signal)
      return listAnswer.parse(answer).map(({ Id }) => Id)
    },
    async inspect(id: string, signal: AbortSignal) {
      const answer = await asked(id, signal)
      if (answer === undefined) return undefined
      return readingOf(answer, await networks.of(networkIdsIn(answer), signal))
    },
    async exists(id: string, signal: AbortSignal) {
      return (await asked(id, signal)) !== undefined
    },
    async events(since: string, signal: AbortSignal) {
      const filters = JSON.stringify(eventFilters)
      const send = (abortSignal: AbortSignal) => client.getEvents({ since, filters, abortSignal })
      const stream = await limited('GET /events', callMs, send, signal)
      return stream instanceof Readable ? stream : Readable.from(stream)
    },
    async ping(signal: AbortSignal) {
      await limited('GET /_ping', callMs, (abortSignal) => client.ping({ abortSignal }), signal)
    },
  }
}

const versionAnswer = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  MinAPIVersion: z.string().default('1.12'),
})
const infoAnswer = z.object({
  ID: z.string(),
  Name: z.string(),
  SystemTime: z.string().default(''),
  OperatingSystem: z.string().default(''),
  SecurityOptions: z.array(z.string()).nullish(),
})
const listAnswer = z.array(z.object({ Id: z.string() }))

/** The newest API that was tried: engine 28's. Newer engines speak it too. */
const ours = '1.51'

/** The API version to speak: ours, or the nearest to it that the engine has. Exported for its tests. */
export function negotiated(newest: string, oldest: string): string {
  if (minor(ours) > minor(newest)) return newest
  return minor(ours) < minor(oldest) ? oldest : ours
}

/** Docker's API has never had another major version than 1. */
function minor(version: string): number {
  return Number(version.split('.')[1] ?? 0)
}

function kindOf({ SecurityOptions, OperatingSystem }: z.infer<typeof infoAnswer>): Engine['kind'] {
  if (OperatingSystem === 'Docker Desktop') return 'desktop'
  return SecurityOptions?.some((one) => /^name=rootless\b/.test(one)) ? 'rootless' : 'native'
}
