import { z } from 'zod'

import type { Catalog } from '../../src/core/catalog.ts'
import { bed, catalogOf, instance, pause } from '../../test/proxy/bed.ts'
import { load } from '../../test/proxy/constant-load.ts'
import { inside } from '../../test/proxy/inside.ts'
import { catalogFor } from '../rules/world.ts'
import { type Phase, phases } from './phases.ts'
import { waitedMs } from './waited.ts'

export type Served = {
  readonly phase: Phase['name'] | 'nothing'
  readonly requests: number
  readonly failures: number
  readonly longestMs: number
  /** Between two moments at which the worker's event loop was free; and the same without waiting for a core. */
  readonly turnMs: number
  readonly ownMs: number
  /** The longest pause for the collector in the worker, by the clock. */
  readonly pauseMs: number
  /** The longest turn of the main thread's event loop, by the clock. */
  readonly mainMs: number
}

/** That a thread waits for a core is none of its doing. */
const begin = `{
  const { readFileSync } = process.getBuiltinModule('node:fs')
  const waitedMs = ${waitedMs.toString()}
  const { PerformanceObserver, performance } = process.getBuiltinModule('node:perf_hooks')
  globalThis.longest = { turnMs: 0, ownMs: 0, pauseMs: 0 }
  const raise = (name, ms) => { longest[name] = Math.max(longest[name], ms) }
  let [ms, waited] = [performance.now(), waitedMs()]
  setInterval(() => {
    const [nowMs, nowWaited] = [performance.now(), waitedMs()]
    raise('turnMs', nowMs - ms)
    raise('ownMs', nowMs - ms - (nowWaited - waited))
    ms = nowMs
    waited = nowWaited
  }, 1)
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) raise('pauseMs', duration)
  }).observe({ entryTypes: ['gc'] })
}`
const take = '{ const taken = longest; longest = { turnMs: 0, ownMs: 0, pauseMs: 0 }; taken }'
const longestSchema = z.object({ turnMs: z.number(), ownMs: z.number(), pauseMs: z.number() })

/** The longest turn of this thread's event loop since it was last asked for. */
function turns(): Disposable & { readonly take: () => number } {
  let [atMs, longestMs] = [performance.now(), 0]
  const look = () => {
    const nowMs = performance.now()
    longestMs = Math.max(longestMs, nowMs - atMs)
    atMs = nowMs
  }
  const timer = setInterval(look, 1)
  return {
    take() {
      look()
      const taken = longestMs
      longestMs = 0
      return taken
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}

/** All that follows from a change is over by then. */
const afterMs = 4000

/** What requests that come all the time notice of large changes, in one worker. */
export async function measureServed(): Promise<Served[]> {
  await using constant = await load()
  await using proxy = await bed({ workers: 1 })
  using worker = await inside()
  const mine = instance({ port: constant.port, rule: 'Host(`mine`)' })

  using main = turns()

  async function during(phase: Served['phase'], change?: Catalog): Promise<Served> {
    await constant.numbers()
    await worker.evaluate(take)
    main.take()
    if (change) proxy.catalog.set(change)
    await pause(afterMs)
    const mainMs = main.take()
    const inWorker = longestSchema.parse(await worker.evaluate(take))
    const { answers, failures, longestMs } = await constant.numbers()
    return { phase, requests: answers, failures, longestMs, ...inWorker, mainMs }
  }

  function catalogIn({ rules, port }: Phase): Catalog {
    const { services } = catalogFor(rules, 1, port)
    return catalogOf([mine, ...[...services.values()].flat()])
  }

  proxy.catalog.set(catalogOf([mine]))
  constant.begin(proxy.port)
  await worker.evaluate(`${begin}; true`)
  await pause(afterMs)
  const results = [await during('nothing')]
  for (const phase of phases) results.push(await during(phase.name, catalogIn(phase)))
  return results
}
