import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'

import { docker } from '../test/e2e/docker.ts'
import { startEtcd } from '../test/e2e/etcd.ts'
import { type Changes, measureChanges } from './spine/changes.ts'
import { measureProcess, type ProcessFigures } from './spine/process.ts'
import { measureRestart } from './spine/restart.ts'

const { values } = parseArgs({
  options: {
    containers: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '5' },
    idle: { type: 'string', default: '30' },
  },
})
const image = 'portolan-bench'
const embedded = ['--node', 'bench']

const [cpu] = cpus()
console.log(
  `${cpus().length} x ${cpu?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
)
console.log(`Docker ${await docker('version', '-f', '{{.Server.Version}}')}\n`)

await using etcd = await startEtcd('bench-etcd')
const shared = [...embedded, '--store', etcd.url]
const count = Number(values.containers)
printChanges('embedded', await measureChanges(count, embedded))
printChanges('etcd', await measureChanges(count, shared))
printProcess('embedded', await measureProcess(embedded, Number(values.idle)))
printProcess('etcd', await measureProcess(shared, Number(values.idle)))
await docker('build', '-q', '-t', image, '.')
print('kill -9 under --restart always: gap', await measureRestart(Number(values.rounds), image))

function printChanges(store: string, { toFirstAnswer, toLastRequest, failures }: Changes): void {
  print(`${store}: start event to first answer`, toFirstAnswer)
  print(`${store}: kill event to last request there`, toLastRequest)
  console.log(`${store}: failed requests: ${failures.length} ${failures.slice(0, 3).join('; ')}`)
}

function printProcess(store: string, { startMs, rssMiB, idleCpuPercent }: ProcessFigures): void {
  const figures = `ready after ${startMs.toFixed(0)} ms, RSS ${rssMiB.toFixed(0)} MiB, idle CPU ${idleCpuPercent.toFixed(2)} %`
  console.log(`${store}: ${figures}`)
}

function print(name: string, values: readonly number[]): void {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(1)
  console.log(
    `${name}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms (n=${sorted.length})`,
  )
}
