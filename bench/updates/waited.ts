import { readFileSync } from 'node:fs'

/** How long this thread has been ready to run and had no core, since it began (Linux). */
export function waitedMs(): number {
  // time on a core, time without, turns; the first one lags behind by a tick, so it is of no use here
  return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[1]) / 1e6
}
