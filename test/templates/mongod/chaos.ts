import { setImmediate } from 'node:timers/promises'

import type { Config } from '../../../templates/mongodb-replica-set/replica-set-config.cjs'
import { type Ask, pass } from '../../../templates/mongodb-replica-set/replica-set-pass.cjs'
import type { Memory } from '../../../templates/mongodb-replica-set/replica-set-steps.cjs'
import type { Chance } from './chance.ts'
import { answer, type Listener } from './commands.ts'
import { type Container, heal, misfortunes, newWorld, nodeOf, type World } from './misfortunes.ts'
import { round } from './network.ts'
import { isNewer } from './node.ts'

export type Run = {
  /** That many events: misfortunes, and side-cars that run at the same time. */
  storm(events: number): Promise<void>
  /** Nothing more happens; passes until nothing is left to do, 300 at most. */
  calm(): Promise<{ wanted: string[]; config: Config | undefined; last: string }>
}

export function chaos(luck: Chance, listener: Listener): Run {
  const world = newWorld(luck)
  const cars = sidecars(world, listener)
  const events: readonly (() => void)[] = [
    ...Array<() => void>(24).fill(() => cars.answerOne()),
    ...Array<() => void>(4).fill(() => cars.start()),
    ...misfortunes.map((one) => () => one(world)),
  ]
  return {
    async storm(count) {
      for (let at = 0; at < count || cars.areWaiting(); at += 1) {
        cars.wait(luck.upTo(10_000))
        if (at < count) luck.one(events)?.()
        else cars.answerOne()
        // what was answered goes on until it asks again
        await setImmediate()
      }
    },
    async calm() {
      heal(world)
      for (const one of world.containers) nodeOf(world, one).up = true
      let last = ''
      for (let at = 0; at < 300 && (at < 20 || last !== 'nothing'); at += 1) {
        for (let beats = 0; beats < 3; beats += 1) round(world.network)
        cars.wait(10_000)
        last = await cars.calmPass()
      }
      const configs = [...world.network.values()].flatMap(({ config }) => config ?? [])
      const config = configs.toSorted((a, b) => (isNewer(a, b) ? -1 : 1))[0]
      return { wanted: world.containers.map(({ host }) => host), config, last }
    },
  }
}

/** Two side-cars, up to three passes of which run at once; each question of theirs waits for its turn. */
function sidecars(world: World, listener: Listener) {
  const { luck, network } = world
  const memories: Memory[] = [{ missing: {} }, { missing: {} }]
  const waiting: (() => void)[] = []
  let running = 0
  let now = 1_000_000

  const passOf = async (at: number, catalog: readonly Container[], ask: Ask) => {
    const members = catalog.map(({ host, key }) => ({ host, key }))
    const first = catalog.find(({ ordinal }) => ordinal === 1)?.host
    const wanted = { name: 'rs0', minimum: 3, graceMs: 60_000, members, first }
    const memory = memories[at] ?? { missing: {} }
    const options = { ask, wanted, memory, now }
    // what mongod refuses, or what nobody answers, is for the next pass to see
    const step = await pass(options, (known) => (memories[at] = known)).catch(() => undefined)
    return step?.do ?? 'failed'
  }
  /** Reaches one side of a partition only, and may lose an answer. */
  const hardAsk = (): Ask => {
    const group = luck.upTo(4) === 0 ? 1 : 0
    return async (host, command) => {
      await new Promise<void>((resolve) => waiting.push(resolve))
      if ((network.get(host)?.group ?? 0) !== group) throw new Error('unreachable')
      const reply = answer(network, host, command, listener)
      if (luck.is(0.05)) throw new Error('the answer was lost')
      return reply
    }
  }
  return {
    /** At times one has an old catalog, and at times it has lost its memory. */
    start() {
      if (running >= 3) return
      const at = luck.upTo(2)
      const catalog = luck.is(0.8) ? world.containers : (luck.one(world.catalogs) ?? [])
      if (luck.is(0.02)) memories[at] = { missing: {} }
      running += 1
      void passOf(at, catalog, hardAsk()).finally(() => (running -= 1))
    },
    answerOne() {
      const [turn] = waiting.splice(luck.upTo(waiting.length), 1)
      turn?.()
    },
    areWaiting: () => waiting.length > 0,
    wait(ms: number) {
      now += ms
    },
    calmPass: () =>
      passOf(0, world.containers, async (host, command) =>
        answer(network, host, command, listener),
      ),
  }
}
