import { median, quantile, table } from '../statistics.ts'
import { type ChangeFigures, measureChanges } from './changes.ts'
import { measureRender } from './render.ts'
import { wait } from './world.ts'

/** What rendering many instances costs, and how long a change takes to get into a file. The latter needs Docker. */
export async function measureConfd({ changes }: { readonly changes: number }): Promise<void> {
  const rows: string[][] = []
  for (const count of [100, 1000, 10_000]) {
    const { firstMs, nextMs, ownCpuMs, outputKiB, peakMiB } = await measureRender(count, 5)
    const numbers = [firstMs, median(nextMs), ownCpuMs, outputKiB, peakMiB]
    rows.push([`${count}`, ...numbers.map((one) => one.toFixed(0))])
  }
  console.log(`templates/nginx\n\n${table([renderHead, ...rows])}\n`)
  const figures = await measureChanges(changes)
  console.log(`wait = "${wait}"\n\n${table([changeHead, ...changeRows(figures)])}\n`)
  const { affected } = figures
  console.log(
    `one of ${affected.resources} keys below one prefix changes, ${affected.changes} times: ` +
      `${affected.renders} renders, ${affected.mainCpuMs.toFixed(1)} ms of CPU each in the main process, ` +
      `${affected.renderCpuMs.toFixed(1)} ms in that which renders`,
  )
}

const renderHead = [
  'instances',
  'first ms',
  'next ms',
  'CPU ms of the main process',
  'output KiB',
  'peak MiB',
]
const changeHead = ['change', 'n', 'p50 ms', 'p99 ms', 'highest ms']

function changeRows({ keys, containers }: ChangeFigures): string[][] {
  const row = (name: string, values: readonly number[]) => [
    name,
    String(values.length),
    ...[0.5, 0.99, 1].map((share) => quantile(values, share).toFixed(1)),
  ]
  return [
    row('key put in etcd to file in place', keys.published),
    row('key put in etcd to reload done', keys.reloaded),
    row('`pause` event to file in place', containers.published),
    row('`pause` event to reload done', containers.reloaded),
  ]
}
