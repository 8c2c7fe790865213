import { expect, test } from 'vitest'

import type { ContainerEvent } from '../../src/docker/events.ts'
import { type Reading, readingOf } from '../../src/docker/inspect.ts'
import {
  afterDeadline,
  afterEvent,
  afterReading,
  type Track,
  untracked,
} from '../../src/docker/overlay.ts'
import { idOf, inspectJson } from './json.ts'

type Change = ContainerEvent['change']

const id = idOf('ab')

function reading(changes: Parameters<typeof inspectJson>[1] = {}): Reading | undefined {
  return readingOf(inspectJson(id, changes))
}

const running: Track = { reading: reading(), signals: [] }

function after(track: Track, ...changes: readonly Change[]): Track {
  return changes.reduce((before, change) => afterEvent(before, change).track, track)
}

const kill = (signal: string): Change => ({ kind: 'killed', signal })

for (const [signal, stopSignal, effect] of [
  ['15', undefined, 'drains'],
  ['SIGTERM', undefined, 'drains'],
  ['2', undefined, 'drains'],
  ['3', undefined, 'drains'],
  ['28', 'SIGWINCH', 'drains'],
  ['15', 'SIGWINCH', 'drains'],
  ['28', undefined, 'goes on'],
  ['1', undefined, 'goes on'],
  ['10', undefined, 'goes on'],
  ['1', 'SIGHUP', 'drains'],
  ['9', undefined, 'is gone'],
  ['9', 'SIGKILL', 'is gone'],
] as const) {
  test(`after signal ${signal} a container with stop signal ${stopSignal} ${effect}`, () => {
    const track = afterReading(untracked, reading({ Config: { StopSignal: stopSignal } }))
    const { reading: next } = after(track, kill(signal))
    expect(next === undefined).toBe(effect === 'is gone')
    if (next) expect(next.container.draining).toBe(effect === 'drains')
  })
}

for (const [name, change, known, unknown] of [
  ['a start', { kind: 'started' }, 'now', 'now'],
  ['an end', { kind: 'ended' }, 'soon', 'soon'],
  ['a removal', { kind: 'destroyed' }, 'none', 'none'],
  ['a stop signal', kill('15'), 'none', 'none'],
  ['a fatal signal', kill('9'), 'soon', 'soon'],
  ['a pause', { kind: 'paused' }, 'none', 'now'],
  ['the end of a pause', { kind: 'unpaused' }, 'now', 'now'],
  ['a verdict on health', { kind: 'health', health: 'unhealthy' }, 'none', 'none'],
  ['a rename or another network', { kind: 'altered' }, 'now', 'none'],
] as const) {
  test(`${name} wants a look: ${known} for a known container, ${unknown} for others`, () => {
    expect(afterEvent(running, change).look).toBe(known)
    expect(afterEvent(untracked, change).look).toBe(unknown)
  })
}

test('an end, a pause and a verdict on health act at once', () => {
  expect(after(running, { kind: 'ended' })).toBe(untracked)
  expect(after(running, { kind: 'paused' }).reading?.container.state).toBe('paused')
  const sick = after(running, { kind: 'health', health: 'unhealthy' })
  expect(sick.reading?.container.health).toBe('unhealthy')
})

test('an inspect does not take draining back, a deadline and an inspect do', () => {
  const draining = after(running, kill('15'))
  const healthier = afterReading(draining, reading({ State: { Health: { Status: 'healthy' } } }))
  expect(healthier.reading?.container).toMatchObject({ draining: true, health: 'healthy' })
  const restored = afterReading(afterDeadline(healthier), reading())
  expect(restored.reading?.container.draining).toBe(false)
})

test('a stop signal that came before the first inspect counts when it is read', () => {
  const track = after(untracked, kill('10'), kill('28'))
  const graceful = { Config: { StopSignal: 'SIGWINCH' } }
  expect(afterReading(track, reading(graceful)).reading?.container.draining).toBe(true)
  expect(afterReading(track, reading()).reading?.container.draining).toBe(false)
})

test('signals belong to one run', () => {
  const draining = after(running, kill('15'))
  const again = reading({ State: { StartedAt: '2026-01-02T05:00:00Z' } })
  expect(afterReading(draining, again).reading?.container.draining).toBe(false)
  const started = after(draining, { kind: 'started' })
  expect(afterReading(started, again).reading?.container.draining).toBe(false)
})

test('a log rotation by signal each minute does not grow what is kept', () => {
  const many = Array.from({ length: 100 }, () => kill('1'))
  expect(after(running, ...many).signals).toEqual([1])
})

test('what changes nothing keeps the identity', () => {
  expect(afterReading(running, reading()).reading).toBe(running.reading)
  expect(after(running, { kind: 'altered' })).toBe(running)
  const paused = after(running, { kind: 'paused' })
  expect(after(paused, { kind: 'paused' })).toBe(paused)
  expect(after(untracked, { kind: 'paused' })).toBe(untracked)
})
