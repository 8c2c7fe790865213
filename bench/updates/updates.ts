import { median, quantile, table } from '../statistics.ts'
import { measurePieces } from './pieces.ts'
import { measureServed } from './served.ts'

/** What a change of 10,000 routes costs a worker, and those that it serves meanwhile. Prints as it goes. */
export async function measureUpdates(): Promise<void> {
  const pieces = (await measurePieces()).map(({ phase, ms, ownMs, mainMs }) => [
    phase,
    String(ms.length),
    ...[median(ms), quantile(ms, 1), median(ownMs), quantile(ownMs, 0.99), quantile(ownMs, 1)].map(
      (one) => one.toFixed(2),
    ),
    mainMs.toFixed(0),
  ])
  const titles = [
    'pieces',
    'ms, median',
    'longest',
    'without waiting for a core',
    '99 %',
    'longest',
  ]
  console.log(table([['10,000 routes', ...titles, 'main thread, ms'], ...pieces]))
  const served = (await measureServed()).map((one) => [
    one.phase,
    String(one.requests),
    String(one.failures),
    ...[one.longestMs, one.turnMs, one.ownMs, one.pauseMs, one.mainMs].map((ms) => ms.toFixed(1)),
  ])
  const longest = [
    'request',
    "worker's turn",
    'without waiting for a core',
    'pause to collect',
    "main thread's turn",
  ]
  const head = ['10,000 routes', 'requests', 'failed', ...longest.map((one) => `${one}, ms`)]
  console.log(`\n${table([head, ...served])}`)
}
