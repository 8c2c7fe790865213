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

/** A scrape or two, even where they are rare, see the last count of a service. */
const keepMs = 300_000

/** The counters of all workers, and whose numbers stand where. */
export class Numbers {
  readonly all: readonly Counters[]
  readonly entrypoints: readonly string[]
  readonly services: Pick<Slots, 'of' | 'named'>
  readonly endpoints: Pick<Slots, 'of' | 'isHeld'>
  /** What checks say, by the place of the endpoint. */
  readonly marks: CheckMarks = newCheckMarks()
  private readonly counters: Counters[]
  private readonly serviceSlots: Slots
  private readonly endpointSlots: Slots

  /** `clock`: monotonic, in milliseconds; performance.now unless given. */
  constructor(entrypoints: readonly string[], workers: number, clock = () => performance.now()) {
    this.entrypoints = entrypoints
    this.counters = Array.from({ length: workers }, () => newCounters(entrypoints.length))
    this.all = this.counters
    const shared = { keepMs, clock }
    this.serviceSlots = slots({
      ...shared,
      from: otherService + 1,
      to: mostServices,
      shared: otherService,
      clear: (slot) => this.clearService(slot),
    })
    this.endpointSlots = slots({
      ...shared,
      from: 1,
      to: mostEndpoints,
      shared: 0,
      clear: (slot) => this.clearEndpoint(slot),
    })
    this.services = withShared(this.serviceSlots)
    this.endpoints = this.endpointSlots
  }

  /** For the next worker of a place in `all`: those of the one before count no more as running. */
  next(at: number): Counters {
    const { counters } = this
    const next = inherited(counters[at] ?? newCounters(this.entrypoints.length))
    counters[at] = next
    return next
  }

  /** Gives places to what has come, and takes them from what has gone. */
  follow(changes: readonly RouteChange[]): void {
    // what stays is held before it is released
    for (const { after } of changes) if (after) this.hold(after)
    for (const { before } of changes) if (before) this.release(before)
  }

  /** Of an endpoint, over all workers. */
  inFlight(identity: string): number {
    const slot = this.slotOf(identity)
    return this.all.reduce((sum, { inFlight }) => sum + (inFlight[slot] ?? 0), 0)
  }

  /** What workers found, the worst of it. */
  condition(identity: string): Condition {
    const slot = this.slotOf(identity)
    const nowMs = Date.now()
    if (this.all.some(({ ejected }) => (ejected[slot] ?? 0) > nowMs)) return 'ejected'
    return this.all.some(({ failures }) => (failures[slot] ?? 0) > 0) ? 'refusing' : 'ok'
  }

  mark(identity: string, state: CheckState): void {
    this.remark(identity, (before) => markOf(checkStates.indexOf(state), roleOfMark(before)))
  }

  markRole(identity: string, state: RoleState): void {
    this.remark(identity, (before) => markOf(checkOfMark(before), roleStates.indexOf(state)))
  }

  private remark(identity: string, after: (before: number) => number): void {
    const { marks } = this
    const slot = this.slotOf(identity)
    if (slot > 0) marks[slot] = after(marks[slot] ?? 0)
  }

  private slotOf(identity: string): number {
    return this.endpointSlots.of(identity) ?? 0
  }

  private hold({ service, targets }: TableRoute): void {
    if (service !== '-') this.serviceSlots.hold(service)
    for (const { identity } of targets) this.endpointSlots.hold(identity)
  }

  private release({ service, targets }: TableRoute): void {
    if (service !== '-') this.serviceSlots.release(service)
    for (const { identity } of targets) this.endpointSlots.release(identity)
  }

  private clearService(slot: number): void {
    for (const counters of this.all) clearService(counters, this.entrypoints.length, slot)
  }

  private clearEndpoint(slot: number): void {
    this.marks[slot] = 0
    for (const { inFlight, failures, ejected } of this.all) {
      for (const numbers of [inFlight, failures, ejected]) numbers[slot] = 0
    }
  }
}

/** With the places of requests that no service got, and of services for which no place is left. */
function withShared(services: Slots): Pick<Slots, 'of' | 'named'> {
  return {
    of: (name) => (name === '-' ? noService : services.of(name)),
    *named() {
      yield ['-', noService]
      yield ['other', otherService]
      yield* services.named()
    },
  }
}
