import { etcdStore } from '../../src/store/etcd/etcd.ts'
import { docker, startContainer } from '../../test/e2e/docker.ts'
import { startEtcd } from '../../test/e2e/etcd.ts'
import { startPortolan } from '../../test/e2e/portolan.ts'
import { type Affected, measureAffected } from './affected.ts'
import { arrival } from './arrival.ts'
import { configFolder } from './world.ts'

/** Milliseconds, one for each change. */
type Latency = {
  readonly published: readonly number[]
  readonly reloaded: readonly number[]
}

export type ChangeFigures = {
  /** From before the key is sent to etcd. */
  readonly keys: Latency
  /** From the time in Docker's event. */
  readonly containers: Latency
  readonly affected: Affected
}

const name = 'bench-confd'
const resources = 100

/** Changes a key, and then a container, `count` times each, under the real product and etcd. */
export async function measureChanges(count: number): Promise<ChangeFigures> {
  await using etcd = await startEtcd(`${name}-etcd`)
  await using store = etcdStore({ endpoints: [etcd.url.replace('etcd://', '')] })
  await using folder = await configFolder({
    key: {
      fields: 'keys = ["/bench/key"]\nreload_cmd = ["cp", "{{dest}}", "OUT/key-loaded"]\n',
      template: '{{ getv("/bench/key") }}',
    },
    container: {
      fields: 'reload_cmd = ["cp", "{{dest}}", "OUT/container-loaded"]\n',
      template: `{{ service("${name}", {"instances": []}).instances.length }}`,
    },
    ...Object.fromEntries(
      Array.from({ length: resources }, (_, at) => [
        `one-${at}`,
        { fields: 'keys = ["/bench/many"]\n', template: `{{ getv("/bench/many/${at}", "") }}` },
      ]),
    ),
  })
  const put = (key: string, value: string) =>
    store.apply([{ kind: 'put', key, value }], {}, AbortSignal.timeout(10_000))
  const both = async (file: string, content: string) => {
    const [published, reloaded] = await Promise.all([
      arrival(folder.out(file), content),
      arrival(folder.out(`${file}-loaded`), content),
    ])
    return { published, reloaded }
  }
  await put('/bench/key', 'first')
  await using _container = await startContainer(name, {
    labels: { SERVICE_NAME: name },
    options: ['--expose', '80'],
    command: ['sleep', '3600'],
  })
  await using portolan = await startPortolan({
    args: ['--node', name, '--store', etcd.url, '--confd', folder.root],
  })
  await both('key', 'first')
  await both('container', '1')
  const keys = await timesOf(count, async (at) => {
    const began = performance.timeOrigin + performance.now()
    const [seen] = await Promise.all([both('key', String(at)), put('/bench/key', String(at))])
    return { began, ...seen }
  })
  const since = (Date.now() / 1000).toFixed(3)
  const paused = await timesOf(count, async (at) => {
    const action = at % 2 === 0 ? 'pause' : 'unpause'
    const [seen] = await Promise.all([both('container', String(at % 2)), docker(action, name)])
    return { began: 0, ...seen }
  })
  const containers = from(await pauses(since), paused)
  const affected = await measureAffected(portolan, (at) => put(`/bench/many/${at}`, String(at)), {
    resources,
    fileOf: (at) => folder.out(`one-${at}`),
  })
  return { keys, containers, affected }
}

type Times = Latency & { readonly began: readonly number[] }

async function timesOf(
  count: number,
  change: (at: number) => Promise<{ began: number; published: number; reloaded: number }>,
): Promise<Times> {
  const all: Awaited<ReturnType<typeof change>>[] = []
  for (let at = 0; at < count; at++) all.push(await change(at))
  const began = all.map((one) => one.began)
  const published = all.map((one) => one.published)
  const reloaded = all.map((one) => one.reloaded)
  return { began, ...from(began, { published, reloaded }) }
}

function from(began: readonly number[], { published, reloaded }: Latency): Latency {
  const since = (times: readonly number[]) => times.map((time, at) => time - (began[at] ?? NaN))
  return { published: since(published), reloaded: since(reloaded) }
}

/** When the engine says that the container was paused and unpaused. */
async function pauses(since: string): Promise<number[]> {
  const until = (Date.now() / 1000).toFixed(3)
  const filters = [`container=${name}`, 'event=pause', 'event=unpause']
  const flags = filters.flatMap((filter) => ['--filter', filter])
  const format = ['--format', '{{.TimeNano}}']
  const lines = await docker('events', '--since', since, '--until', until, ...flags, ...format)
  return lines.split('\n').map((nano) => Number(nano) / 1e6)
}
