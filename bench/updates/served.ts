import { bed, catalogOf, instance, pause } from '../../test/proxy/bed.ts'
import { load } from '../../test/proxy/constant-load.ts'
import { inside } from '../../test/proxy/inside.ts'
import { catalogFor } from '../rules/world.ts'
import { type Phase, phases } from './phases.ts'

export type Served = {
  readonly phase: Phase['name'] | 'nothing'
  readonly requests: number
  readonly failures: number
  readonly longestMs: number
  /** How late the worker's event loop was at the most, beyond the resolution of 1 ms. */
  readonly latestMs: number
}

const begin = `{
  const { monitorEventLoopDelay } = process.getBuiltinModule('node:perf_hooks')
  globalThis.late = monitorEventLoopDelay({ resolution: 1 })
  late.enable()
}`
/** Milliseconds. */
const take = '{ const most = late.max / 1e6 - 1; late.reset(); most }'

/** All that follows from a change is over by then. */
const afterMs = 4000

/** What requests that come all the time notice of large changes, in one worker. */
export async function measureServed(): Promise<Served[]> {
  await using constant = await load()
  await using proxy = await bed({ workers: 1 })
  using worker = await inside()
  const mine = instance({ port: constant.port, rule: 'Host(`mine`)' })

  async function during(phase: Served['phase'], change: () => void): Promise<Served> {
    await constant.numbers()
    await worker.evaluate(take)
    change()
    await pause(afterMs)
    const latestMs = Number(await worker.evaluate(take))
    const { answers, failures, longestMs } = await constant.numbers()
    return { phase, requests: answers, failures, longestMs, latestMs }
  }

  function publish({ rules, port }: Phase): void {
    const { services } = catalogFor(rules, 1, port)
    proxy.catalog.set(catalogOf([mine, ...[...services.values()].flat()]))
  }

  proxy.catalog.set(catalogOf([mine]))
  constant.begin(proxy.port)
  await worker.evaluate(begin)
  await pause(afterMs)
  const results = [await during('nothing', () => {})]
  for (const phase of phases) results.push(await during(phase.name, () => publish(phase)))
  return results
}
