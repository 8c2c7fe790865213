import { docker } from '../../test/e2e/docker.ts'
import { startEtcd } from '../../test/e2e/etcd.ts'
import { median, quantile, table } from '../statistics.ts'
import { type Changes, measureChanges } from './changes.ts'
import { measureProcess, type ProcessFigures } from './process.ts'
import { measureRestart } from './restart.ts'

export type SpineOptions = {
  readonly containers: number
  readonly rounds: number
  readonly idleSeconds: number
}

const image = 'portolan-bench'

/** Prints how fast changes take effect, what the process needs, and what a crash costs; needs Docker. */
export async function measureSpine(options: SpineOptions): Promise<void> {
  console.log(`Docker ${await docker('version', '-f', '{{.Server.Version}}')}\n`)
  await using etcd = await startEtcd('bench-etcd')
  const stores = new Map([
    ['embedded', ['--node', 'bench']],
    ['etcd', ['--node', 'bench', '--store', etcd.url]],
  ])
  const changes: string[][] = []
  const processes: string[][] = []
  for (const [store, args] of stores) {
    changes.push(...changeRows(store, await measureChanges(options.containers, args)))
  }
  console.log(`${table([changeHead, ...changes])}\n`)
  for (const [store, args] of stores) {
    processes.push(processRow(store, await measureProcess(args, options)))
  }
  console.log(`${table([processHead, ...processes])}\n`)
  await docker('build', '-q', '-t', image, '.')
  const gaps = await measureRestart(options.rounds, image)
  const [from, to] = [Math.min(...gaps), Math.max(...gaps)].map((gap) => gap.toFixed(0))
  console.log(`kill -9 under --restart always, ${gaps.length} times: no answer for`)
  console.log(`${median(gaps).toFixed(0)} ms (median; ${from} to ${to} ms)`)
}

const changeHead = ['change', 'n', 'p50 ms', 'p99 ms', 'highest ms', 'failed requests']

function changeRows(store: string, changes: Changes): string[][] {
  const { toFirstAnswer, toLastRequest, requests, failures } = changes
  for (const failure of failures.slice(0, 5)) console.log(`${store}: ${failure}`)
  const row = (name: string, values: readonly number[]) => [
    `${store}: ${name}`,
    String(values.length),
    ...[0.5, 0.99, 1].map((share) => quantile(values, share).toFixed(1)),
    `${failures.length} of ${requests}`,
  ]
  return [
    row('`start` event to first answer', toFirstAnswer),
    row('`kill` event to last request', toLastRequest),
  ]
}

const processHead = ['store', 'ready after ms', 'RSS MiB', 'idle CPU % of a core']

function processRow(store: string, { startMs, rssMiB, idleCpuPercent }: ProcessFigures): string[] {
  return [store, median(startMs).toFixed(0), rssMiB.toFixed(0), idleCpuPercent.toFixed(2)]
}
