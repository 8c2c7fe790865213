import { expect, test } from 'vitest'

import { live } from '../../src/core/live.ts'
import type { Problem } from '../../src/core/problems.ts'
import type { Container, Containers } from '../../src/docker/docker.ts'
import { damper } from '../../src/registrator/damper.ts'
import {
  firstSeen,
  isForgotten,
  isHeld,
  isLooping,
  type Life,
  nextChangeMs,
  seen,
} from '../../src/registrator/flaps.ts'
import { containerId } from '../core/samples.ts'
import { container } from './containers.ts'

/** A container that starts at each of `starts` and dies `lifeMs` later; how it is at `nowMs`. */
function lived(starts: readonly number[], lifeMs: number, facts: Partial<Container> = {}) {
  const [first = 0, ...later] = starts
  const run = (at: number) => container({ startedAt: String(at), ...facts })
  let life = firstSeen(run(first), first, false)
  life = seen(life, undefined, first + lifeMs)
  for (const at of later) life = seen(seen(life, run(at), at), undefined, at + lifeMs)
  return { life, start: (at: number): Life => seen(life, run(at), at) }
}

/** How long a container that starts again at `atMs` is held back. */
function holdOf(life: Life, atMs: number): number {
  let heldMs = 0
  while (isHeld(life, atMs + heldMs)) heldMs += 500
  return heldMs
}

for (const [what, starts, lifeMs, heldMs] of [
  ['two deaths soon after a start are no loop', [0, 1000], 500, 0],
  ['three within a minute are', [0, 1000, 2000], 500, 1000],
  ['each more doubles the time', [0, 1000, 2000, 3000, 4000], 500, 4000],
  ['up to half a minute', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((s) => s * 1000), 500, 30_000],
  ['three over more than a minute are no loop', [0, 40_000, 80_000], 500, 0],
  ['three after runs of 10 s are no loop', [0, 11_000, 22_000], 10_000, 0],
] as const) {
  test(`deaths: ${what}`, () => {
    const at = (starts.at(-1) ?? 0) + lifeMs + 100
    expect(holdOf(lived(starts, lifeMs).start(at), at)).toBe(heldMs)
  })
}

test('a stop that was asked for is no crash', () => {
  const { start } = lived([0, 1000, 2000, 3000], 500, { draining: true })
  expect(isHeld(start(4000), 4000)).toBe(false)
})

test('a run that lasts ends the loop', () => {
  const looping = lived([0, 1000, 2000], 500).start(3000)
  expect([isLooping(looping, 3000), isLooping(looping, 12_999)]).toEqual([true, true])
  expect(isLooping(looping, 13_000)).toBe(false)
  const ended = seen(looping, undefined, 14_000)
  expect(ended).toMatchObject({ deaths: [], holdMs: 0 })
})

test('a run that dies while it is held goes on with the loop', () => {
  const { life } = lived(
    [0, 1, 2, 3, 4, 5, 6, 7].map((s) => s * 1000),
    500,
  )
  expect(life.holdMs).toBe(30_000)
  const again = seen(life, container({ startedAt: 'late' }), 60_000)
  expect(seen(again, undefined, 60_000 + 20_000).holdMs).toBe(30_000)
})

test('while Docker waits before it starts it again it is in a loop, later without Docker it is not', () => {
  const { life } = lived([0, 1000, 2000], 500)
  const waiting = seen(life, container({ state: 'restarting' }), 2700)
  expect(isLooping(waiting, 50_000)).toBe(true)
  expect([isLooping(life, 3000), isLooping(life, 3600)]).toEqual([true, false])
})

test('what ran before we came is not known to be young', () => {
  const old = firstSeen(container(), 0, true)
  expect(seen(old, undefined, 10).deaths).toEqual([])
  expect(nextChangeMs(old, 0)).toBe(Infinity)
})

test('nothing is remembered of what does not come back', () => {
  const { life } = lived([0], 500)
  expect([isForgotten(life, 120_000), isForgotten(life, 121_000)]).toEqual([false, true])
  expect(nextChangeMs(life, 2000)).toBe(120_500)
})

const engine = { id: 'E', name: 'h1', version: '', apiVersion: '', kind: 'native' } as const

/** A damper over containers that the test sets. */
function dampedWorld() {
  const stop = new AbortController()
  const containers = live<Containers>({ kind: 'unknown' })
  const problems: Problem[][] = []
  const one = damper({ containers, report: (_, list) => void problems.push([...list]) })
  const running = one.run(stop.signal)
  return {
    async show(...list: Container[]) {
      const byId = new Map(list.map((each) => [each.id, each]))
      containers.set({ kind: 'known', engine, byId, self: undefined })
      await new Promise((resolve) => setImmediate(resolve))
      return containers.current
    },
    shown: () => one.containers.current,
    health: (id: string) => {
      const { current } = one.containers
      return current.kind === 'known' ? current.byId.get(id)?.health : undefined
    },
    problems: () => problems.at(-1) ?? [],
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

test('a container in a crash loop is starting until it has lasted, and the others stay the same objects', async () => {
  await using world = dampedWorld()
  const well = container({ id: containerId('b'), name: 'well' })
  expect(await world.show(well)).toBe(world.shown())
  const bad = (run: number) => container({ name: 'bad', startedAt: String(run) })
  for (let run = 0; run < 3; run++) {
    expect(await world.show(well, bad(run))).toBe(world.shown())
    expect(await world.show(well)).toBe(world.shown())
  }
  await world.show(well, bad(3))
  expect(world.health(bad(3).id)).toBe('starting')
  const shown = world.shown()
  expect(shown.kind === 'known' && shown.byId.get(well.id)).toBe(well)
  expect(world.problems()).toMatchObject([
    { where: 'container bad', remedy: expect.stringContaining('docker logs bad') },
  ])
  await expect.poll(() => world.health(bad(3).id), { timeout: 2000 }).toBe('none')
})

test('what is held back keeps its identity while others change', async () => {
  await using world = dampedWorld()
  const bad = (run: number) => container({ startedAt: String(run) })
  await world.show()
  for (let run = 0; run < 3; run++) {
    await world.show(bad(run))
    await world.show()
  }
  const last = bad(3)
  const one = async (...more: Container[]) => {
    await world.show(last, ...more)
    const shown = world.shown()
    return shown.kind === 'known' ? shown.byId.get(last.id) : undefined
  }
  const first = await one()
  expect(first).not.toBe(last)
  expect(await one(container({ id: containerId('c') }))).toBe(first)
})
