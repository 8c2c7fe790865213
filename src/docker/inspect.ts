import { z } from 'zod'

import { compare } from '../core/catalog.ts'
import type { Container, ContainerNetwork, ContainerPort } from './docker.ts'
import type { NetworkFacts } from './network-facts.ts'
import { signalNumber } from './signals.ts'

/** One container as the engine tells it when asked. */
export type Reading = {
  readonly container: Container
  /** Number of the signal that `docker stop` sends. */
  readonly stopSignal: number
  /** The labels were more than we keep, and were all dropped. */
  readonly labelsDropped: boolean
}

/**
 * Reads the answer to `GET /containers/<id>/json`. Undefined for a container that doesn't run. Throws a ZodError
 * for what no engine says. Only fields that engines 20.10 to 29 have. `facts` are those of networks, by id.
 */
export function readingOf(json: unknown, facts: Facts = new Map()): Reading | undefined {
  const { Id, Name, Created, State, Config, HostConfig, NetworkSettings } = inspected.parse(json)
  const state = states.get(State.Status)
  if (state === undefined) return undefined
  const labels = Config.Labels ?? {}
  const labelsDropped = sizeOf(labels) > maxLabelBytes
  const container: Container = {
    id: Id,
    name: Name.replace(/^\//, ''),
    image: Config.Image,
    createdAt: Created,
    startedAt: State.StartedAt,
    state,
    draining: false,
    health: healths.get(State.Health?.Status ?? '') ?? 'none',
    labels: labelsDropped ? {} : labels,
    env: environment(Config.Env ?? []),
    networkMode: HostConfig.NetworkMode ?? 'default',
    networks: networksOf(NetworkSettings.Networks ?? {}, facts),
    ports: portsOf(Config.ExposedPorts ?? {}, NetworkSettings.Ports ?? {}),
    stopTimeout: Config.StopTimeout ?? defaultStopSeconds,
  }
  return { container, stopSignal: signalNumber(Config.StopSignal), labelsDropped }
}

/** The ids of the networks that it is on. Throws as `readingOf` does. */
export function networkIdsIn(json: unknown): string[] {
  const { Networks } = networksOnly.parse(json).NetworkSettings
  return Object.values(Networks ?? {}).flatMap((one) => one?.NetworkID ?? [])
}

type Facts = ReadonlyMap<string, NetworkFacts>

const network = z.object({
  NetworkID: z.string().nullish(),
  IPAddress: z.string().nullish(),
  GlobalIPv6Address: z.string().nullish(),
  Gateway: z.string().nullish(),
})
const networks = z.record(z.string(), network.nullable()).nullish()
const networksOnly = z.object({ NetworkSettings: z.object({ Networks: networks }) })
const binding = z.object({ HostIp: z.string().nullish(), HostPort: z.string().nullish() })
const inspected = z.object({
  Id: z.string().regex(/^[0-9a-f]{64}$/),
  Name: z.string(),
  Created: z.string(),
  State: z.object({
    Status: z.string(),
    StartedAt: z.string(),
    Health: z.object({ Status: z.string().nullish() }).nullish(),
  }),
  Config: z.object({
    Image: z.string().default(''),
    Env: z.array(z.string()).nullish(),
    Labels: z.record(z.string(), z.string()).nullish(),
    ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
    StopSignal: z.string().nullish(),
    StopTimeout: z.number().min(0).nullish().catch(null),
  }),
  HostConfig: z.object({ NetworkMode: z.string().nullish() }),
  NetworkSettings: z.object({
    Networks: networks,
    Ports: z.record(z.string(), z.array(binding).nullable()).nullish(),
  }),
})

const states: ReadonlyMap<string, Container['state']> = new Map([
  ['running', 'running'],
  ['paused', 'paused'],
  ['restarting', 'restarting'],
])
const healths: ReadonlyMap<string, Container['health']> = new Map([
  ['starting', 'starting'],
  ['healthy', 'healthy'],
  ['unhealthy', 'unhealthy'],
])
/** Docker's own default for Linux containers. */
const defaultStopSeconds = 10
/** Nobody labels that much by intention, and we keep what we read. */
const maxLabelBytes = 2 ** 20
/** Variables that label dialects read, and no others, which may be secrets: `SERVICE_ACCOUNT` is none of ours. */
const nginxProxy =
  /^(VIRTUAL_(HOST|HOST_MULTIPORTS|PORT|PROTO|PATH|DEST)|HTTPS_METHOD|NETWORK_ACCESS|CERT_NAME)$/
const checks =
  'https?(_method)?|tcp|grpc|grpc_use_tls|script|cmd|docker|ttl|' +
  'interval|timeout|initial_status|deregister_after|tls_skip_verify'
/** For all ports, for one or a range of them, for one protocol; the key in any case. */
const registrator = new RegExp(
  `^(\\d+(-\\d+)?_((tcp|udp)_)?)?(name|id|tags|ignore|check_(${checks}))$`,
  'i',
)

function sizeOf(labels: Readonly<Record<string, string>>): number {
  let bytes = 0
  for (const [name, value] of Object.entries(labels)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
  }
  return bytes
}

/** A later one of two equal names wins, as in the container. */
function environment(lines: readonly string[]): Record<string, string> {
  const pairs = lines.map((line): [string, string] => {
    const [name = ''] = line.split('=', 1)
    return [name, line.slice(name.length + 1)]
  })
  return Object.fromEntries(pairs.filter(([name]) => isWanted(name)))
}

function isWanted(name: string): boolean {
  if (!name.startsWith('SERVICE_')) return nginxProxy.test(name)
  return registrator.test(name.slice('SERVICE_'.length))
}

function networksOf(
  on: Readonly<Record<string, z.infer<typeof network> | null>>,
  facts: Facts,
): ContainerNetwork[] {
  return Object.entries(on)
    .map(([name, one]) => ({
      name,
      ip: one?.IPAddress ?? '',
      ip6: one?.GlobalIPv6Address ?? '',
      gateway: one?.Gateway ?? '',
      id: one?.NetworkID ?? '',
      ...(facts.get(one?.NetworkID ?? '') ?? { driver: '', internal: false }),
    }))
    .filter(({ ip, ip6 }) => ip !== '' || ip6 !== '')
    .toSorted((a, b) => compare(a.name, b.name))
}

type Bindings = Readonly<Record<string, readonly z.infer<typeof binding>[] | null>>

function portsOf(exposed: Readonly<Record<string, unknown>>, bindings: Bindings): ContainerPort[] {
  const names = new Set([...Object.keys(exposed), ...Object.keys(bindings)])
  return [...names]
    .flatMap((name) => {
      const [number = '', protocol = 'tcp'] = name.split('/')
      const port = Number(number)
      // SCTP and what a hand-made image may expose
      if ((protocol !== 'tcp' && protocol !== 'udp') || !isPort(port)) return []
      return [{ port, protocol, published: publishedAt(bindings[name] ?? []) } as const]
    })
    .toSorted((a, b) => a.port - b.port || compare(a.protocol, b.protocol))
}

function publishedAt(bindings: NonNullable<Bindings[string]>): ContainerPort['published'] {
  const [first] = bindings
  const port = Number(first?.HostPort ?? '')
  return isPort(port) ? { ip: first?.HostIp ?? '', port } : null
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535
}
