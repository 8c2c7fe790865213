import { z } from 'zod'

import { freePort } from '../free-port.ts'
import { docker, startContainer } from './docker.ts'
import { eventually } from './portolan.ts'

const image = 'quay.io/coreos/etcd:v3.5.16'
const rangeSchema = z.object({
  kvs: z
    .array(
      z.object({
        key: z.string(),
        value: z.string(),
        lease: z.string().default('0'),
        mod_revision: z.string(),
        version: z.string(),
      }),
    )
    .default([]),
})

/** `revision` is that of the last write, `writes` how often the key was written since it was made. */
type EtcdKey = {
  readonly value: string
  readonly lease: string
  readonly revision: string
  readonly writes: string
}

export type Etcd = AsyncDisposable & {
  /** For `--store`. */
  readonly url: string
  readonly id: string
  /** All keys under `prefix`, as etcd's own HTTP interface gives them. */
  keys(prefix: string): Promise<Map<string, EtcdKey>>
  ctl(...args: readonly string[]): Promise<string>
}

/** A real etcd in a container, on a loopback port that stays the same over restarts. */
export async function startEtcd(name: string): Promise<Etcd> {
  const port = await freePort()
  const container = await startContainer(name, {
    image,
    options: ['-p', `127.0.0.1:${port}:2379`, '-v', '/var/lib/etcd'],
    command: [
      '/usr/local/bin/etcd',
      '--data-dir=/var/lib/etcd',
      '--listen-client-urls=http://0.0.0.0:2379',
      '--advertise-client-urls=http://0.0.0.0:2379',
    ],
  })
  const ctl = (...args: readonly string[]) => docker('exec', container.id, 'etcdctl', ...args)
  await eventually(async () => (await ctl('endpoint', 'health')) !== undefined, 15_000)
  const text = (base64: string) => Buffer.from(base64, 'base64').toString()
  return {
    url: `etcd://127.0.0.1:${port}`,
    id: container.id,
    ctl,
    async keys(prefix) {
      const { kvs } = rangeSchema.parse(await ranged(port, prefix))
      return new Map(
        kvs.map(({ key, value, lease, mod_revision, version }) => [
          text(key),
          { value: text(value), lease, revision: mod_revision, writes: version },
        ]),
      )
    },
    [Symbol.asyncDispose]: () => container[Symbol.asyncDispose](),
  }
}

/** What is answered of `prefix`; a command in the container would take a hundred times as long. */
async function ranged(port: number, prefix: string): Promise<unknown> {
  const [key, end] = [prefix, after(prefix)].map((one) => Buffer.from(one).toString('base64'))
  const answer = await fetch(`http://127.0.0.1:${port}/v3/kv/range`, {
    method: 'POST',
    // tests end etcd, and with it what would be kept
    headers: { connection: 'close' },
    body: JSON.stringify({ key, range_end: end }),
    signal: AbortSignal.timeout(10_000),
  })
  if (!answer.ok) throw new Error(`etcd answers ${answer.status}: ${await answer.text()}`)
  return answer.json()
}

/** The first key that does not begin with `prefix`. */
function after(prefix: string): string {
  const last = prefix.charCodeAt(prefix.length - 1)
  return prefix.slice(0, -1) + String.fromCharCode(last + 1)
}
