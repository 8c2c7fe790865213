import type { Catalog } from '../../src/core/catalog.ts'
import { live } from '../../src/core/live.ts'
import { newCheckMarks, newCounters } from '../../src/proxy/counters.ts'
import { nobody } from '../../src/proxy/table/own.ts'
import { MadeTables } from '../../src/proxy/table/tables.ts'
import { chooser } from '../../src/proxy/worker/choose.ts'
import { upstreams } from '../../src/proxy/worker/upstreams.ts'
import { catalogFor, vantage } from './world.ts'

export type Change = {
  readonly services: number
  readonly instances: number
  readonly firstMs: number
  /** CPU of one change, from a new catalog to all that follows from the new table. */
  readonly microseconds: number
}

const rounds = 300

/** What one container's change costs the route table among `services` services of `copies` instances each. */
export function measureChange(services: number, copies: number): Change {
  const rules = Array.from({ length: services }, (_, at) => `Host(\`h${at}.example.com\`)`)
  const first = catalogFor(rules, copies)
  const catalog = live<Catalog>(first)
  const known = upstreams({ shown: newCounters(1), marks: newCheckMarks() })
  const choosing = chooser(known)
  const current = new MadeTables({
    catalog,
    vantage: live(vantage),
    own: () => nobody,
    report: () => {},
    changed(changes, nowMs) {
      known.settle(changes, () => 0, nowMs)
      choosing.settle(changes)
    },
  })
  const began = performance.now()
  if (current.table.routes.length !== services) throw new Error('routes are missing')
  const firstMs = performance.now() - began
  const ids = [...first.services.keys()]
  const changes = Array.from({ length: rounds }, (_, round) => () => {
    const id = ids[(round * 7) % ids.length] ?? ''
    const list = catalog.current.services.get(id) ?? []
    const changed = list.map((one, at) => (at === 0 ? { ...one, state: 'draining' as const } : one))
    return { ...catalog.current, services: new Map(catalog.current.services).set(id, changed) }
  })
  let used = 0
  for (const next of changes) {
    catalog.set(next())
    const before = process.cpuUsage()
    void current.table
    const { user, system } = process.cpuUsage(before)
    used += user + system
  }
  return { services, instances: services * copies, firstMs, microseconds: used / rounds }
}
