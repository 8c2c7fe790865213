import { setTimeout as pause } from 'node:timers/promises'

import { docker } from '../docker.ts'
import { eventually } from '../portolan.ts'
import type { Ledger } from './ledger.ts'
import type { Random } from './random.ts'
import { deafSeconds, type Leaves, type Replica, services, type World } from './world.ts'

const { pool, single, deaf } = services

/** Replicas of the pool. */
export const fewest = 2
const most = 5

export type Scene = { readonly world: World; readonly book: Ledger; readonly random: Random }

/** What can be done to the containers. */
type Operation = {
  readonly service: (typeof services)[keyof typeof services]
  /** Whether there is somebody to do it to. */
  readonly isPossible?: (world: World) => boolean
  readonly act: (scene: Scene) => Promise<void>
}

const spare = (world: World) => world.up(pool).length > fewest
const room = (world: World) => world.of(pool).length < most
const aPool = ({ world, random }: Scene) => random.oneOf(world.up(pool))
const leavesOf = ({ random }: Scene): Leaves => (random.next() < 0.7 ? 'at-once' : 'politely')

export const operations: Readonly<Record<string, Operation>> = {
  'scale up': { service: pool, isPossible: room, act: (scene) => add(scene) },
  'scale down': { service: pool, isPossible: spare, act: (scene) => takeAway(scene, aPool(scene)) },
  stop: {
    service: pool,
    isPossible: spare,
    async act(scene) {
      const one = aPool(scene)
      await stop(scene, one)
      await startAgain(one)
    },
  },
  restart: {
    service: pool,
    async act(scene) {
      const one = aPool(scene)
      const fromMs = Date.now()
      await docker('restart', one.container.id)
      await scene.world.ended(one, 'finished', fromMs)
    },
  },
  'stop signal': {
    service: pool,
    isPossible: spare,
    async act({ world, random }) {
      const one = random.oneOf(world.up(pool))
      const fromMs = Date.now()
      one.isUp = false
      await docker('kill', '-s', 'TERM', one.container.id)
      await docker('wait', one.container.id)
      await world.ended(one, 'finished', fromMs)
      await world.remove(one)
    },
  },
  replace: {
    service: pool,
    async act(scene) {
      const one = aPool(scene)
      await Promise.all([add(scene), takeAway(scene, one)])
    },
  },
  'kill -9': {
    service: pool,
    isPossible: spare,
    async act(scene) {
      const one = aPool(scene)
      await kill(scene, one)
      if (scene.random.next() < 0.5) await startAgain(one)
      else await scene.world.remove(one)
    },
  },
  'pause and unpause': { service: pool, isPossible: spare, act: freeze },
  'recreate the only one': {
    service: single,
    async act(scene) {
      const [one] = scene.world.of(single)
      if (one) await takeAway(scene, one)
      await scene.world.start(single, leavesOf(scene))
    },
  },
  'restart the only one': {
    service: single,
    async act({ world, random }) {
      const one = random.oneOf(world.up(single))
      const fromMs = Date.now()
      await docker('restart', one.container.id)
      await world.ended(one, 'finished', fromMs)
    },
  },
  'kill -9 the only one': {
    service: single,
    async act(scene) {
      const one = scene.random.oneOf(scene.world.up(single))
      await kill(scene, one)
      await startAgain(one)
    },
  },
  'stop a deaf one': {
    service: deaf,
    async act({ world, random }) {
      const one = random.oneOf(world.up(deaf))
      const fromMs = Date.now()
      await docker('stop', '-t', String(deafSeconds), one.container.id)
      await world.ended(one, 'deaf', fromMs)
      await startAgain(one)
    },
  },
}

async function add(scene: Scene): Promise<void> {
  await scene.world.start(pool, leavesOf(scene))
}

async function stop({ world }: Scene, one: Replica): Promise<void> {
  const fromMs = Date.now()
  one.isUp = false
  await docker('stop', one.container.id)
  await world.ended(one, 'finished', fromMs)
}

async function takeAway(scene: Scene, one: Replica): Promise<void> {
  await stop(scene, one)
  await scene.world.remove(one)
}

async function startAgain(one: Replica): Promise<void> {
  await docker('start', one.container.id)
  one.isUp = true
}

async function kill({ world }: Scene, one: Replica): Promise<void> {
  const fromMs = Date.now()
  one.isUp = false
  await docker('kill', one.container.id)
  await world.ended(one, 'killed', fromMs)
}

/** While it is paused, all that may be asked of another is answered. */
async function freeze(scene: Scene): Promise<void> {
  const { book, random, world } = scene
  const one = aPool(scene)
  const fromMs = Date.now()
  await docker('pause', one.container.id)
  const waiting = [...book.inFlight()].filter(
    ({ kind, service }) => service === pool && (kind === 'GET' || kind === 'poll'),
  )
  try {
    await eventually(async () => waiting.every(({ toMs }) => toMs !== Infinity))
  } catch {
    book.stuck(waiting.filter(({ toMs }) => toMs === Infinity))
  } finally {
    await pause(random.between(0, 500))
    await docker('unpause', one.container.id)
    world.unpaused(one, fromMs)
  }
}
