import type { Balance } from '../../src/core/policy.ts'
import { newCheckMarks, newCounters } from '../../src/proxy/counters.ts'
import { routeTable } from '../../src/proxy/table/table.ts'
import { chooser } from '../../src/proxy/worker/choose.ts'
import { upstreams } from '../../src/proxy/worker/upstreams.ts'
import { catalogFor, vantage } from '../rules/world.ts'

const policies = ['p2c', 'p2c:latency', 'round-robin', 'least', 'random', 'hash:ip'] as const
const asking = { headers: () => [], ip: '192.0.2.1' }
const times = 1_000_000

/** What it costs to choose an endpoint and to count its request, among few and among many. */
export function measureBalance(): void {
  console.log(
    '| policy | endpoints | CPU ns per request | bytes per request |\n| --- | ---: | ---: | ---: |',
  )
  for (const balance of policies) {
    for (const count of [3, 50]) {
      const { ns, bytes } = measured(balance, count)
      console.log(`| ${balance} | ${count} | ${ns.toFixed(0)} | ${bytes.toFixed(1)} |`)
    }
  }
}

function measured(balance: Balance, count: number) {
  const made = routeTable(catalogFor(['Host(`h`)'], count), vantage).table.routes[0]
  if (!made) throw new Error('no route')
  const route = { ...made, policy: { ...made.policy, balance } }
  const known = upstreams({ shown: newCounters(1), marks: newCheckMarks() })
  const choosing = chooser(known)
  known.settle([{ before: undefined, after: route }], () => 0, 0)
  for (const upstream of known.all()) upstream.reached()
  const run = (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      const upstream = choosing.choose(route, asking, undefined, round)
      upstream?.began()
      upstream?.ended('ok', 1)
    }
  }
  run(times / 5)
  const before = process.memoryUsage().heapUsed
  const began = process.cpuUsage()
  run(times)
  const { user, system } = process.cpuUsage(began)
  const ns = ((user + system) * 1000) / times
  return { ns, bytes: Math.max(0, process.memoryUsage().heapUsed - before) / times }
}
