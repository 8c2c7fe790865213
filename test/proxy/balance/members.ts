import type { Balance, Member } from '../../../src/proxy/balance/rotation.ts'
import { type Asking, rotationOf } from '../../../src/proxy/balance/rotation.ts'
import { newCounters } from '../../../src/proxy/counters.ts'
import type { Target } from '../../../src/proxy/table/route.ts'
import { Upstream } from '../../../src/proxy/worker/upstream.ts'

const shown = newCounters(1)

/** A ready endpoint of our own node, told from others by its name. */
export function target(name: string, more: Partial<Target> = {}): Target {
  return {
    identity: name,
    protocol: 'http',
    ip: '127.0.0.1',
    port: 80,
    state: 'ready',
    halt: null,
    weight: 1,
    own: true,
    stopTimeout: 10,
    canary: null,
    mirror: null,
    health: null,
    proxyProtocol: null,
    probe: null,
    slot: 0,
    ...more,
  }
}

/** Of one second between answers, unless the test turns the clock. */
export function member(name: string, weight = 1, inFlight = 0, clock = () => 0): Member {
  const upstream = new Upstream(target(name), { epoch: 0, clock, shown }, 0)
  upstream.timed = true
  for (let count = 0; count < inFlight; count++) upstream.began()
  return { upstream, weight, credit: 0 }
}

export function asks(more: Partial<Asking> = {}): Asking {
  return { headers: () => [], ip: '192.0.2.1', ...more }
}

/** Numbers in [0, 1), the same ones in each run (mulberry32). */
export function lots(seed = 1): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Names of those who got `turns` requests, one after the other and none of them at the same time. */
export function turnsOf(balance: Balance, members: readonly Member[], turns: number): string[] {
  const rotation = rotationOf(members)
  return Array.from(
    { length: turns },
    () => balance(rotation, asks(), 0)?.upstream.identity ?? 'nobody',
  )
}

export function tally(names: readonly string[]): Record<string, number> {
  const groups = [...Map.groupBy(names, (name) => name)]
  return Object.fromEntries(groups.map(([name, all]) => [name, all.length]))
}

/** A request that carries these cookies. */
export function carrying(values: Readonly<Record<string, string>>): Partial<Asking> {
  const text = Object.entries(values).map(([name, value]) => `${name}=${value}`)
  return { headers: (name) => (name === 'cookie' ? [text.join('; ')] : []) }
}
