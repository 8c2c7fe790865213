import { setImmediate as nextTurn } from 'node:timers/promises'

/** Some ten milliseconds of reading. */
const most = 256

/** What `make` makes of `list`, in order. Of a long one everybody else has turns in between; a short one is made at once. */
export async function inTurns<A, B>(list: Iterable<A>, make: (one: A) => B): Promise<B[]> {
  const made: B[] = []
  let left = most
  for (const one of list) {
    if (left-- === 0) {
      await nextTurn()
      left = most - 1
    }
    made.push(make(one))
  }
  return made
}
