import type { Share } from './share.ts'

/** Slots that a tag may be in: the one that would be missed least is given away. */
const ways = 8
/** While a slot gets a new owner. */
const busy = 1n

/**
 * Token buckets by tag, in shared memory of fixed size, as the generic cell rate algorithm has them: all of a bucket is
 * the time at which it will be full again.
 */
export function rates({ rates: memory }: Share) {
  const cells = new BigInt64Array(memory)
  const sets = cells.length / 2 / ways

  function slotOf(tag: bigint, nowUs: bigint): number {
    const first = Number(BigInt.asUintN(32, tag) % BigInt(sets)) * ways * 2
    let oldest = first
    for (let slot = first; slot < first + ways * 2; slot += 2) {
      if (Atomics.load(cells, slot) === tag) return slot
      if (Atomics.load(cells, slot + 1) < Atomics.load(cells, oldest + 1)) oldest = slot
    }
    const before = Atomics.load(cells, oldest)
    if (before !== busy && Atomics.compareExchange(cells, oldest, before, busy) === before) {
      Atomics.store(cells, oldest + 1, nowUs)
      Atomics.store(cells, oldest, tag)
    }
    return oldest
  }

  return {
    /**
     * Takes a token, of which there is a new one each `everyMs`, and `burst` at most. Gives the milliseconds until one
     * can be had; 0 if it was.
     */
    take(tag: bigint, everyMs: number, burst: number, nowMs: number): number {
      const nowUs = BigInt(Math.round(nowMs * 1000))
      const everyUs = BigInt(Math.max(1, Math.round(everyMs * 1000)))
      const slackUs = everyUs * BigInt(burst - 1)
      const cell = slotOf(tag, nowUs) + 1
      for (;;) {
        const before = Atomics.load(cells, cell)
        const full = before > nowUs ? before : nowUs
        const waitUs = full - slackUs - nowUs
        if (waitUs > 0n) return Number(waitUs) / 1000
        if (Atomics.compareExchange(cells, cell, before, full + everyUs) === before) return 0
      }
    },
  }
}
