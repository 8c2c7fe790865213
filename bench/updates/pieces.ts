import { once } from 'node:events'
import { deserialize, serialize } from 'node:v8'
import { parentPort, Worker } from 'node:worker_threads'

import { feeder } from '../../src/proxy/control/feeder.ts'
import { resourceLimits } from '../../src/proxy/control/member.ts'
import { Numbers } from '../../src/proxy/control/numbers.ts'
import { Sender } from '../../src/proxy/control/sender.ts'
import type { Order } from '../../src/proxy/feed.ts'
import { chains } from '../../src/proxy/middleware/chains.ts'
import { emptyTable, TableMaker } from '../../src/proxy/table/table.ts'
import { chooser } from '../../src/proxy/worker/choose.ts'
import { liveTables } from '../../src/proxy/worker/live-tables.ts'
import { upstreams } from '../../src/proxy/worker/upstreams.ts'
import { siteOf } from '../../test/proxy/middleware/drafts.ts'
import { catalogFor, vantage } from '../rules/world.ts'
import { type Phase, phases, routes } from './phases.ts'
import { waitedMs } from './waited.ts'

export type Pieces = {
  readonly phase: Phase['name']
  /** Of each piece: reading it from its bytes, and all that follows from it in a worker. */
  readonly ms: readonly number[]
  /** The same without what the thread waited for a core. */
  readonly ownMs: readonly number[]
  /** How long the main thread does nothing else but make the table and what is sent first. */
  readonly mainMs: number
}

/** What each piece of a large change costs a worker, without requests: in a thread that has no more room than one. */
export async function measurePieces(): Promise<Pieces[]> {
  const thread = new Worker(new URL(import.meta.url), { resourceLimits })
  const [pieces]: Pieces[][] = await once(thread, 'message')
  return pieces ?? []
}

function measured(): Pieces[] {
  const numbers = new Numbers(['http'], 1)
  const maker = new TableMaker()
  const wire: Uint8Array[] = []
  const post = (order: Order) => void wire.push(serialize(order))
  const feed = new Sender({ ...feeder(numbers), post, table: emptyTable, lost: [] })
  const known = upstreams({ shown: numbers.next(0), marks: numbers.marks })
  const choosing = chooser(known)
  const tables = liveTables({
    catchUp() {},
    chains: chains(siteOf()),
    changed(changes, nowMs) {
      known.settle(changes, () => 0, nowMs)
      choosing.settle(changes)
    },
  })

  function read(bytes: Uint8Array): Order['kind'] {
    const order: Order = deserialize(bytes)
    if (order.kind === 'leaving') tables.leave(order.pairs)
    if (order.kind === 'edits') tables.apply(order)
    return order.kind
  }

  function publish(phase: Phase): Pieces {
    const catalog = catalogFor(phase.rules, 1, phase.port)
    const madeMs = performance.now()
    const { changes, table } = maker.make(catalog, vantage)
    numbers.follow(changes)
    feed.change(changes, table.complete)
    const mainMs = performance.now() - madeMs
    const ms: number[] = []
    const ownMs: number[] = []
    for (let bytes = wire.shift(); bytes; bytes = wire.shift()) {
      const [waited, began] = [waitedMs(), performance.now()]
      const kind = read(bytes)
      const took = performance.now() - began
      ms.push(took)
      ownMs.push(took - (waitedMs() - waited))
      if (kind === 'edits') feed.applied()
    }
    return { phase: phase.name, ms, ownMs, mainMs }
  }

  // the first table goes over at once: nobody is served yet
  publish({ name: 'loaded', rules: routes(1), port: 80 })
  return phases.map(publish)
}

parentPort?.postMessage(measured())
