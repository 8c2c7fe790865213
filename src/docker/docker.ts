import type { Live } from '../core/live.ts'

/** One network that a container is on. Only addresses that it has now. */
export type ContainerNetwork = {
  readonly name: string
  readonly ip: string
  readonly ip6: string
  readonly gateway: string
  /** An overlay network has the same id on all of its nodes. */
  readonly id: string
  /** `bridge`, `overlay`, `macvlan`, `ipvlan` or a plug-in's; empty when Docker doesn't tell. */
  readonly driver: string
  /** Only who is on it reaches who is on it; the host does too where it is a bridge. */
  readonly internal: boolean
}

export type ContainerPort = {
  readonly port: number
  readonly protocol: 'tcp' | 'udp'
  /** First host binding, or null when the port is only exposed. `ip` may be `0.0.0.0` or `::`. */
  readonly published: { readonly ip: string; readonly port: number } | null
}

/** The facts about a container that anybody here reads; all else stays in `docker/`. */
export type Container = {
  /** 64 hex digits. With `startedAt` it is the identity of one run. */
  readonly id: string
  /** Without the leading slash. */
  readonly name: string
  /** As in `docker run`: `registry:5000/a/web:3`. */
  readonly image: string
  /** RFC 3339, by the engine's clock. */
  readonly createdAt: string
  readonly startedAt: string
  /** `State.Status`, never `State.Running`, which lies while restarting. Dead ones are not listed. */
  readonly state: 'running' | 'paused' | 'restarting'
  /** A stop signal was sent, and the end has not come yet. */
  readonly draining: boolean
  /** `none` when there is no health check. */
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy'
  readonly labels: Readonly<Record<string, string>>
  /** Only variables that label dialects read (`VIRTUAL_*`, `SERVICE_*` …): others may be secrets. */
  readonly env: Readonly<Record<string, string>>
  /** Docker's: `bridge`, `host`, `none`, a network's name, `container:<id>`. */
  readonly networkMode: string
  readonly networks: readonly ContainerNetwork[]
  /** Exposed and published, by number, tcp before udp. */
  readonly ports: readonly ContainerPort[]
  /** Seconds between the stop signal and the kill. */
  readonly stopTimeout: number
}

export type Engine = {
  /** Changes when the engine is another one. */
  readonly id: string
  /** The host's name, as Docker has it. */
  readonly name: string
  readonly version: string
  readonly apiVersion: string
  /** Container addresses can't be reached, not even from the host. */
  readonly kind: 'native' | 'rootless' | 'desktop'
}

/** `unknown`: never read since the start. After that the last good state stays, whatever happens to Docker. */
export type Containers =
  | { readonly kind: 'unknown' }
  | {
      readonly kind: 'known'
      readonly engine: Engine
      /** Running, paused and restarting containers by id. */
      readonly byId: ReadonlyMap<string, Container>
      /** Id of the container that this process runs in; undefined on the host. */
      readonly self: string | undefined
    }

export type DockerStatus =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'up' }
  | {
      readonly kind: 'down'
      readonly reason: string
      readonly remedy: string
      readonly sinceMs: number
    }

/** What Portolan needs of a Docker engine. It only ever sends GETs. */
export type Docker = {
  /** Where it is, for people. */
  readonly name: string
  readonly containers: Live<Containers>
  readonly status: Live<DockerStatus>
  /** Host of an engine that is asked over TCP; undefined for a socket of this machine. */
  readonly host: string | undefined
  /** Whether there is a container whose id begins with `id`, running or not. Rejects while the engine is away. */
  exists(id: string, signal: AbortSignal): Promise<boolean>
  /** Follows the engine until `signal` aborts. Never rejects for an engine that is away. */
  run(signal: AbortSignal): Promise<void>
}
