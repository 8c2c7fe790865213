import { rangesOf } from '../../core/ranges.ts'
import type { WhoConnects } from './opening.ts'
import type { TcpGate, TcpTerms } from './terms.ts'

export type Gates = {
  /** Lets a connection in, and counts it until that is disposed; undefined: not this one. */
  enter(key: string, terms: TcpTerms, who: WhoConnects): Disposable | undefined
}

const open: Disposable = { [Symbol.dispose]() {} }

/** What stands between a route and its endpoints. */
export function gates(): Gates {
  const ranges = new WeakMap<TcpGate, (ip: string) => boolean>()
  const counts = new Map<string, number>()

  function count(name: string, most: number): Disposable | undefined {
    const now = counts.get(name) ?? 0
    if (now >= most) return undefined
    counts.set(name, now + 1)
    return {
      [Symbol.dispose]() {
        const left = (counts.get(name) ?? 1) - 1
        if (left > 0) counts.set(name, left)
        else counts.delete(name)
      },
    }
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
          const counted = count(`${key} ${at} ${ip}`, gate.amount)
          if (!counted) return undefined
          entered.use(counted)
        }
      }
      return entered.move()
    },
  }
}
