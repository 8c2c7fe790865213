import { etcdStore } from '../../src/store/etcd/etcd.ts'
import type { Store } from '../../src/store/store.ts'
import { type EtcdServer, type EtcdServerOptions, startEtcd } from '../store/etcd-server.ts'
import { agreement, plantForeign } from './agreement.ts'
import type { TestContainer } from './docker.ts'
import { type Fleet, type Host, startFleet } from './fleet.ts'
import { ask, type LoadResult, underLoad } from './load.ts'
import { eventually, type Running } from './portolan.ts'

/** A host with a Portolan and a container that stays, `stays`, and an etcd that belongs to this test file alone. */
export type OneHost = AsyncDisposable & {
  readonly fleet: Fleet
  readonly host: Host
  readonly etcd: EtcdServer
  /** At `etcd`, by our own client. */
  readonly store: Store
  /** The process that `start` started last. */
  readonly portolan: Running
  /** Ends the Portolan that runs, if need be with `kill -9`, and starts one. */
  start(options?: StartOptions): Promise<Running>
  /** Waits until `store`, or another one, is what the engine says, to the letter, and nobody else's key was touched. */
  agreed(at?: Store): Promise<number>
  /** Starts a web server that answers its name at `<name>.localhost`. */
  web(name: string, ...options: readonly string[]): Promise<TestContainer>
  /** What is answered for `<name>.localhost`. */
  body(name: string): Promise<string>
  /** Waits until `<name>.localhost` answers its name. */
  serves(name: string): Promise<number>
  keysOf(prefix: string): Promise<ReadonlyMap<string, { readonly lease: string }>>
  /** Runs `steps` while `stays` is asked all the time; gives what its clients saw. */
  underLoad(steps: () => Promise<void>): Promise<LoadResult>
  /** The problems that are shown, as text. */
  problems(): Promise<string>
}

type StartOptions = {
  /** For `--store`; that of `etcd` unless given. */
  readonly store?: string
  readonly lease?: string
  readonly args?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Whether to wait until it is ready. */
  readonly ready?: boolean
}

/** Short, so that what waits for it ends soon. */
export const leaseMs = 3000

/** What a busy machine may take for anything. */
const limitMs = 60_000

type Options = {
  /** Options of dockerd. */
  readonly engine?: string
  readonly etcd?: EtcdServerOptions
}

export async function startOneHost(options: Options = {}): Promise<OneHost> {
  await using cleanup = new AsyncDisposableStack()
  const fleet = cleanup.use(await startFleet(1, options.engine))
  const host = fleet.host(1)
  const etcd = cleanup.use(await startEtcd(options.etcd))
  const store = cleanup.use(etcdStore({ endpoints: [etcd.endpoint] }))
  await plantForeign(store)
  let running: Running | undefined
  cleanup.defer(async () => running?.[Symbol.asyncDispose]())
  const current = () => {
    if (running) return running
    throw new Error('no Portolan runs')
  }
  const usual = `etcd://${fleet.gateway}:${etcd.port}`
  const start = async (given: StartOptions = {}) => {
    const { store: url = usual, lease = `${leaseMs}ms`, args = [], env = {}, ready = true } = given
    await running?.stop('SIGKILL')
    const all = ['--store', url, '--lease', lease, '--log-level', 'debug', ...args]
    running = await host.portolan({ args: all, env, ready })
    return running
  }
  await start()
  const steps = stepsOn(host, store, current)
  cleanup.use(await steps.web('stays', '--restart', 'always'))
  await steps.serves('stays')
  const kept = cleanup.move()
  return {
    ...steps,
    fleet,
    host,
    etcd,
    store,
    start,
    get portolan() {
      return current()
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

function stepsOn(host: Host, store: Store, current: () => Running) {
  const body = async (name: string) =>
    (await ask(current().proxyUrl, `${name}.localhost`)).body.trim()
  return {
    agreed: (at = store) => agreement(at, [{ node: host.name, cli: host.cli }]),
    web: (name: string, ...options: readonly string[]) =>
      host.web(name, { host: `${name}.localhost`, options }),
    body,
    serves: (name: string) => eventually(async () => (await body(name)) === name, limitMs),
    keysOf: async (prefix: string) => (await store.list(prefix, AbortSignal.timeout(5000))).entries,
    underLoad: (steps: () => Promise<void>) =>
      underLoad(current().proxyUrl, 'stays.localhost', 25, steps),
    problems: async () => JSON.stringify(await current().view('problems')),
  }
}
