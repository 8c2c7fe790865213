import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Frees what this thread needs no more, and gives the memory back. V8 alone does so when the heap has grown again by as
 * much as it has, which after the start may be never. Nothing else runs in this thread meanwhile, for a quarter of a
 * second in a small heap, and a second in a large one, on a busy machine.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect: (options: object) => void = runInNewContext('gc')
  // what is loaded later has to find the flags with which its code was cached
  setFlagsFromString('--no-expose-gc')
  collect({ type: 'major', flavor: 'last-resort' })
}
