import { type Counters, tcpPlaceOf } from '../counters.ts'
import { outcomes, type TcpCounts } from './counts.ts'

/** Counts what happens at the entrypoint with this place. */
export function tcpCountingIn({ open, connections, bytes }: Counters, at: number): TcpCounts {
  return {
    began: () => add(open, at, 1),
    ended(slot, outcome) {
      add(open, at, -1)
      add(connections, tcpPlaceOf(at, slot) + outcomes.indexOf(outcome), 1)
    },
    received: (count) => add(bytes, 0, count),
    sent: (count) => add(bytes, 1, count),
  }
}

function add(numbers: Float64Array | Int32Array, at: number, by: number): void {
  numbers[at] = (numbers[at] ?? 0) + by
}
