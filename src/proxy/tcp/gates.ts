import { networkOf, subscriberBits } from '../../core/ipv6.ts'
import { rangesOf } from '../../core/ranges.ts'
import { runningCounts, type Share, tagger } from '../middleware/share.ts'
import type { TcpGate, TcpTerms } from '../table/tcp-terms.ts'
import type { WhoConnects } from './opening.ts'

export type Gates = {
  /** Lets a connection in, and counts it until that is disposed; undefined: not this one. */
  enter(key: string, terms: TcpTerms, who: WhoConnects): Disposable | undefined
}

const open: Disposable = { [Symbol.dispose]() {} }

/** What stands between a route and its endpoints. Connections are counted over all workers. */
export function gates(share: Share, seat: number): Gates {
  const ranges = new WeakMap<TcpGate, (ip: string) => boolean>()
  const running = runningCounts(share, seat)
  const tagOf = tagger(share)

  function count(name: string, most: number): Disposable | undefined {
    const tag = tagOf(name)
    if (!running.enter(tag, most)) return undefined
    return { [Symbol.dispose]: () => running.leave(tag) }
  }

  return {
    enter(key, terms, who) {
      if (terms.gates.length === 0) return open
      const { ip } = who().source
      using entered = new DisposableStack()
      for (const [at, gate] of terms.gates.entries()) {
        if ('ranges' in gate) {
          const isIn = ranges.getOrInsertComputed(gate, () => rangesOf(gate.ranges))
          if (!isIn(ip)) return undefined
        } else {
          const client = networkOf(ip, subscriberBits)
          const counted = count(`${key} ${at} ${client}`, gate.amount)
          if (!counted) return undefined
          entered.use(counted)
        }
      }
      return entered.move()
    },
  }
}
