import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** The heap of this thread after it was collected last. */
let keptBytes = 0

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
  keptBytes = heapBytes()
}

/** A thread that has less to do than this is idle. */
const idleShare = 0.02
/**
 * Less is not worth it, a nursery and what a load of a minute leaves behind least of all: code that is compiled is in part
 * thrown away with the rest, and whoever asks first afterwards waits for it.
 */
const worthBytes = 24 * 1024 * 1024

/**
 * Does so whenever this thread has been idle for `lookMs` and its heap has grown, until it is disposed of. To be used
 * with V8's own way, the memory reducer, turned off: that marks the heap some seconds after it has been collected, and
 * whoever is served then waits for it.
 */
export function collectWhenIdle(lookMs = 5000): Disposable {
  let before = { atMs: performance.now(), usedMs: usedMs() }
  if (keptBytes === 0) keptBytes = heapBytes()
  const timer = setInterval(() => {
    const now = { atMs: performance.now(), usedMs: usedMs() }
    const isIdle = now.usedMs - before.usedMs < idleShare * (now.atMs - before.atMs)
    const isWorth = heapBytes() - keptBytes >= worthBytes
    before = now
    if (!isIdle || !isWorth) return
    collectGarbage()
    before = { atMs: performance.now(), usedMs: usedMs() }
  }, lookMs).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

/** CPU that this thread has used. */
function usedMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function heapBytes(): number {
  return getHeapStatistics().total_heap_size
}
