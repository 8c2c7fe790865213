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
  /** All keys under `prefix`, as etcdctl sees them. */
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
      const json = await ctl('get', '--prefix', prefix, '-w', 'json')
      // etcd's numbers have 64 bits, JSON.parse's 53
      const answer: unknown = JSON.parse(json.replaceAll(/("\w+":)(\d+)/g, '$1"$2"'))
      return new Map(
        rangeSchema
          .parse(answer)
          .kvs.map(({ key, value, lease, mod_revision, version }) => [
            text(key),
            { value: text(value), lease, revision: mod_revision, writes: version },
          ]),
      )
    },
    [Symbol.asyncDispose]: () => container[Symbol.asyncDispose](),
  }
}
