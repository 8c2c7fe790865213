import { measureChange } from './change.ts'
import { measureLookups } from './lookup.ts'

/** What finding a route costs, and what a change of the table does. Prints as it goes. */
export function measureRules(): void {
  for (const { name, hosts, nsPerLookup } of measureLookups()) {
    console.log(`${name}, ${hosts} hosts: ${nsPerLookup.toFixed(0)} ns of CPU per look-up`)
  }
  for (const [services, copies] of [
    [100, 5],
    [2000, 5],
    [10_000, 1],
  ] as const) {
    const { instances, firstMs, microseconds } = measureChange(services, copies)
    console.log(
      `${services} services, ${instances} instances: first table ${firstMs.toFixed(0)} ms, ` +
        `one change ${microseconds.toFixed(0)} µs of CPU`,
    )
  }
}
