import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { promisify } from 'node:util'

import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers'

import { freePort } from '../free-port.ts'

const run = promisify(execFile)

const image = 'quay.io/coreos/etcd:v3.5.16'

export type EtcdServerOptions = {
  /** More flags, such as `--auth-token-ttl=3`. */
  readonly flags?: readonly string[]
  /** PEM texts: the server then speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Makes it a member of a cluster, whose members see each other on that docker network only. */
  readonly member?: {
    readonly name: string
    readonly network: string
    readonly all: readonly string[]
  }
}

/** A real etcd in a container, whose port stays the same over restarts. */
export type EtcdServer = AsyncDisposable & {
  readonly container: string
  readonly port: number
  /** `127.0.0.1:port` */
  readonly endpoint: string
  /** Runs etcdctl in it. */
  ctl(...args: readonly string[]): Promise<string>
  /** kill -9; the data stays. */
  kill(): Promise<void>
  /** Starts it again after `kill` and waits until it serves. */
  start(): Promise<void>
  /** Freezes all of it, connections included, as SIGSTOP does. */
  freeze(): Promise<void>
  thaw(): Promise<void>
  /** Takes it away and starts an empty one; or one with the data folder at `data`. */
  replace(data?: string): Promise<void>
  /** A snapshot of it, restored to a data folder for `replace`. */
  saved(): Promise<AsyncDisposable & { readonly path: string }>
}

export async function startEtcd(options: EtcdServerOptions = {}): Promise<EtcdServer> {
  const port = await freePort()
  let container = await startContainer(options, port)
  return {
    get container() {
      return container.getId()
    },
    port,
    endpoint: `127.0.0.1:${port}`,
    ctl: (...args) => docker('exec', container.getId(), 'etcdctl', ...args),
    async kill() {
      await docker('kill', container.getId())
    },
    async start() {
      await docker('start', container.getId())
      await docker('exec', container.getId(), 'etcdctl', 'endpoint', 'health')
    },
    async freeze() {
      await docker('pause', container.getId())
    },
    async thaw() {
      await docker('unpause', container.getId())
    },
    async replace(data) {
      await remove(container)
      container = await startContainer(options, port, data)
    },
    saved: () => saved(container.getId()),
    async [Symbol.asyncDispose]() {
      await remove(container)
    },
  }
}

async function saved(container: string) {
  const [snapshot, restored] = [`/${randomUUID()}`, `/${randomUUID()}`]
  await docker('exec', container, 'etcdctl', 'snapshot', 'save', snapshot)
  await docker(
    'exec',
    container,
    'etcdutl',
    'snapshot',
    'restore',
    snapshot,
    '--data-dir',
    restored,
  )
  const folder = await mkdtempDisposable(joinPath(tmpdir(), 'portolan-'))
  await docker('cp', `${container}:${restored}/.`, folder.path)
  return folder
}

/** Runs the docker client; resolves to what it printed. */
export async function docker(...args: readonly string[]): Promise<string> {
  return (await run('docker', args)).stdout.trim()
}

async function startContainer(
  { flags = [], tls, member }: EtcdServerOptions,
  port: number,
  data?: string,
): Promise<StartedTestContainer> {
  const url = `${tls ? 'https' : 'http'}://0.0.0.0:2379`
  const command = [
    '/usr/local/bin/etcd',
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    '--data-dir=/data',
    // what is tested is the client: a slow disk would only make it take longer
    '--unsafe-no-fsync',
    ...(tls ? ['--cert-file=/tls/cert.pem', '--key-file=/tls/key.pem'] : []),
    ...(member ? memberFlags(member.name, member.all) : []),
    ...flags,
  ]
  const secrets = tls
    ? [
        { content: tls.cert, target: '/tls/cert.pem' },
        { content: tls.key, target: '/tls/key.pem' },
      ]
    : []
  const plan = new GenericContainer(image)
    .withLabels({ 'test.portolan': 'store' })
    .withExposedPorts({ container: 2379, host: port })
    .withCommand(command)
    .withCopyContentToContainer(secrets)
    .withCopyDirectoriesToContainer(data === undefined ? [] : [{ source: data, target: '/data' }])
    // a member serves only once most of them run
    .withWaitStrategy(
      Wait.forLogMessage(member ? /starting an etcd server/ : /ready to serve client requests/),
    )
  const container = await plan.start()
  if (member) await join(container.getId(), member)
  return container
}

/** Connects a member to the others, also again after `part`. */
export async function join(
  container: string,
  { name, network }: { name: string; network: string },
) {
  await docker('network', 'connect', '--alias', name, network, container)
}

/** Cuts a member off from the others; its clients still reach it. */
export async function part(container: string, { network }: { network: string }) {
  await docker('network', 'disconnect', network, container)
}

function memberFlags(name: string, all: readonly string[]): string[] {
  const cluster = all.map((one) => `${one}=http://${one}:2380`).join(',')
  return [
    `--name=${name}`,
    `--initial-cluster=${cluster}`,
    '--listen-peer-urls=http://0.0.0.0:2380',
    `--initial-advertise-peer-urls=http://${name}:2380`,
  ]
}

async function remove(container: StartedTestContainer): Promise<void> {
  await docker('rm', '--force', '--volumes', container.getId())
}
