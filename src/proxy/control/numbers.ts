import { type RoleState, roleStates } from '../checks/roles/states.ts'
import { type CheckState, checkStates } from '../checks/states.ts'
import {
  type CheckMarks,
  checkOfMark,
  clearService,
  type Counters,
  inherited,
  markOf,
  mostEndpoints,
  mostServices,
  newCheckMarks,
  newCounters,
  noService,
  otherService,
  roleOfMark,
} from '../counters.ts'
import type { RouteChange } from '../table/changes.ts'
import type { TableRoute } from '../table/route.ts'
import { type Slots, slots } from './slots.ts'

/** What connects and answers of requests tell of an endpoint. */
export type Condition = 'ok' | 'refusing' | 'ejected'

/** The counters of all workers, and whose numbers stand where. */
export type Numbers = {
  readonly all: readonly Counters[]
  /** For the next worker of a place in `all`: those of the one before count no more as running. */
  next(at: number): Counters
  readonly entrypoints: readonly string[]
  readonly services: Pick<Slots, 'of' | 'named'>
  readonly endpoints: Pick<Slots, 'of' | 'isHeld'>
  /** Gives places to what has come, and takes them from what has gone. */
  follow(changes: readonly RouteChange[]): void
  /** Of an endpoint, over all workers. */
  inFlight(identity: string): number
  /** What workers found, the worst of it. */
  condition(identity: string): Condition
  /** What checks say, by the place of the endpoint. */
  readonly marks: CheckMarks
  mark(identity: string, state: CheckState): void
  markRole(identity: string, state: RoleState): void
}

/** A scrape or two, even where they are rare, see the last count of a service. */
const keepMs = 300_000

/** `clock`: monotonic, in milliseconds; performance.now unless given. */
export function numbersOf(
  entrypoints: readonly string[],
  workers: number,
  clock = () => performance.now(),
): Numbers {
  const all = Array.from({ length: workers }, () => newCounters(entrypoints.length))
  const services = slots({
    from: otherService + 1,
    to: mostServices,
    shared: otherService,
    keepMs,
    clock,
    clear(slot) {
      for (const counters of all) clearService(counters, entrypoints.length, slot)
    },
  })
  const marks = newCheckMarks()
  const endpoints = slots({
    from: 1,
    to: mostEndpoints,
    shared: 0,
    keepMs,
    clock,
    clear(slot) {
      marks[slot] = 0
      for (const { inFlight, failures, ejected } of all) {
        for (const numbers of [inFlight, failures, ejected]) numbers[slot] = 0
      }
    },
  })
  const at = (numbers: Int32Array | Float64Array, identity: string) =>
    numbers[endpoints.of(identity) ?? 0] ?? 0

  function hold({ service, targets }: TableRoute): void {
    if (service !== '-') services.hold(service)
    for (const { identity } of targets) endpoints.hold(identity)
  }

  function release({ service, targets }: TableRoute): void {
    if (service !== '-') services.release(service)
    for (const { identity } of targets) endpoints.release(identity)
  }

  return {
    all,
    next(place) {
      const counters = inherited(all[place] ?? newCounters(entrypoints.length))
      all[place] = counters
      return counters
    },
    entrypoints,
    endpoints,
    services: {
      of: (name) => (name === '-' ? noService : services.of(name)),
      *named() {
        yield ['-', noService]
        yield ['other', otherService]
        yield* services.named()
      },
    },
    follow(changes) {
      // what stays is held before it is released
      for (const { after } of changes) if (after) hold(after)
      for (const { before } of changes) if (before) release(before)
    },
    inFlight: (identity) => all.reduce((sum, one) => sum + at(one.inFlight, identity), 0),
    condition(identity) {
      const nowMs = Date.now()
      if (all.some(({ ejected }) => at(ejected, identity) > nowMs)) return 'ejected'
      return all.some(({ failures }) => at(failures, identity) > 0) ? 'refusing' : 'ok'
    },
    marks,
    mark(identity, state) {
      const slot = endpoints.of(identity) ?? 0
      if (slot > 0) marks[slot] = markOf(checkStates.indexOf(state), roleOfMark(marks[slot] ?? 0))
    },
    markRole(identity, state) {
      const slot = endpoints.of(identity) ?? 0
      if (slot > 0) marks[slot] = markOf(checkOfMark(marks[slot] ?? 0), roleStates.indexOf(state))
    },
  }
}
