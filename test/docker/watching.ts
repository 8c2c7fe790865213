import { createLog, type Log } from '../../src/core/log.ts'
import { createDocker, type DockerOptions } from '../../src/docker/create.ts'
import type { Container, Containers, Docker } from '../../src/docker/docker.ts'

type Known = Extract<Containers, { kind: 'known' }>

/** A docker that runs until it is disposed, and what it has published. */
export type Watching = AsyncDisposable & {
  readonly docker: Docker
  /** Every state published, oldest first, with the time. */
  readonly seen: readonly { readonly atMs: number; readonly state: Known }[]
  readonly logged: readonly string[]
  /**
   * Resolves with the container's state when `wanted` accepts it; fails after 25 s: a busy machine needs less,
   * and the safety pass after 30 s would hide what was missed.
   */
  container(
    id: string,
    wanted: (one: Container | undefined) => boolean,
  ): Promise<Container | undefined>
  known(wanted?: (state: Known) => boolean): Promise<Known>
  down(wanted?: RegExp): Promise<{ reason: string; remedy: string }>
  up(): Promise<void>
}

export function watching(options: Omit<DockerOptions, 'log'>): Watching {
  const logged: string[] = []
  const docker = createDocker({ ownIds: [], ...options, log: logTo(logged) })
  const lifetime = new AbortController()
  const { signal } = lifetime
  const seen: { atMs: number; state: Known }[] = []
  const recording = (async () => {
    for await (const state of docker.containers.changes(signal)) {
      if (state.kind === 'known') seen.push({ atMs: performance.now(), state })
    }
  })()
  const running = docker.run(signal)

  const self: Watching = {
    docker,
    seen,
    logged,
    async container(id, wanted) {
      const state = await self.known(({ byId }) => wanted(byId.get(id)))
      return state.byId.get(id)
    },
    async known(wanted = () => true) {
      for await (const state of docker.containers.changes(AbortSignal.timeout(25_000))) {
        if (state.kind === 'known' && wanted(state)) return state
      }
      throw new Error(`not seen; last state: ${JSON.stringify(summary(docker.containers.current))}`)
    },
    async down(wanted = /./) {
      for await (const one of docker.status.changes(AbortSignal.timeout(60_000))) {
        if (one.kind === 'down' && wanted.test(`${one.reason} ${one.remedy}`)) return one
      }
      throw new Error(`not down like ${wanted}: ${JSON.stringify(docker.status.current)}`)
    },
    async up() {
      for await (const one of docker.status.changes(AbortSignal.timeout(60_000))) {
        if (one.kind === 'up') return
      }
      throw new Error(`not up: ${JSON.stringify(docker.status.current)}`)
    },
    async [Symbol.asyncDispose]() {
      lifetime.abort()
      await running
      await recording
    },
  }
  return self
}

function logTo(lines: string[]): Log {
  return createLog({
    level: 'debug',
    format: 'json',
    to: { write: (line: string) => void lines.push(line) },
  })
}

function summary(state: Containers) {
  if (state.kind === 'unknown') return state
  return [...state.byId.values()].map(({ name, state: own, draining, health }) => ({
    name,
    own,
    draining,
    health,
  }))
}
