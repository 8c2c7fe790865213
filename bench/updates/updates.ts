import { median, quantile, table } from '../statistics.ts'
import { measurePieces } from './pieces.ts'
import { measureServed } from './served.ts'

/** What a change of 10,000 routes costs a worker, and those that it serves meanwhile. Prints as it goes. */
export async function measureUpdates(): Promise<void> {
  const pieces = (await measurePieces()).map(({ phase, ms }) => [
    phase,
    String(ms.length),
    ...[median(ms), quantile(ms, 0.99), quantile(ms, 1)].map((one) => one.toFixed(2)),
  ])
  console.log(table([['10,000 routes', 'pieces', 'ms of a piece', '99 %', 'longest'], ...pieces]))
  const served = (await measureServed()).map((one) => [
    one.phase,
    String(one.requests),
    String(one.failures),
    one.longestMs.toFixed(1),
    one.latestMs.toFixed(1),
  ])
  const head = ['10,000 routes', 'requests', 'failed', 'longest, ms', 'event loop late, ms']
  console.log(`\n${table([head, ...served])}`)
}
