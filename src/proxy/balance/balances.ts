import type { Balance as BalanceName } from '../../core/policy.ts'
import { cookieOf } from './cookies.ts'
import { byHash, type KeyOf } from './hash.ts'
import { p2cLatency } from './latency.ts'
import { least } from './least.ts'
import { p2c } from './p2c.ts'
import { byLot } from './random.ts'
import type { Balance } from './rotation.ts'
import { roundRobin } from './round-robin.ts'

/** A new balance by the name that labels use, with turns of its own. `random` as Math.random. */
export function balanceOf(name: BalanceName, random: () => number): Balance {
  switch (name) {
    case 'p2c:latency':
      return p2cLatency(random)
    case 'round-robin':
      return roundRobin()
    case 'least':
      return least()
    case 'random':
      return byLot(random)
    default:
      return name.startsWith('hash:') ? hashBalance(name, random) : p2c(random)
  }
}

function hashBalance(name: string, random: () => number): Balance {
  const [, place, ...rest] = name.split(':')
  const [field = ''] = place === 'ip' ? [] : rest.splice(0, 1)
  return byHash(keyIn(place, field), rest.includes('bounded'), p2c(random))
}

function keyIn(place: string | undefined, name: string): KeyOf {
  if (place === 'header') {
    const lower = name.toLowerCase()
    return (asking) => asking.headers(lower)[0]
  }
  if (place === 'cookie') return (asking) => cookieOf(asking, name)
  return ({ ip }) => ip
}
