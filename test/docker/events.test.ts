import { PassThrough } from 'node:stream'

import { expect, test } from 'vitest'

import { eventOf, readLines, sinceOf } from '../../src/docker/events.ts'
import { createHistory } from '../../src/docker/history.ts'
import { eventLine } from './fake-engine.ts'
import { idOf } from './json.ts'

const id = idOf('ab')
const nanos = 1_790_000_000_123_456_789n

for (const [action, attributes, change] of [
  ['start', {}, { kind: 'started' }],
  ['die', { exitCode: '0' }, { kind: 'ended' }],
  ['destroy', {}, { kind: 'destroyed' }],
  ['pause', {}, { kind: 'paused' }],
  ['unpause', {}, { kind: 'unpaused' }],
  ['kill', { signal: '15' }, { kind: 'killed', signal: '15' }],
  ['stop', {}, { kind: 'altered' }],
  ['rename', { oldName: '/x' }, { kind: 'altered' }],
  ['update', {}, { kind: 'altered' }],
  ['health_status: healthy', {}, { kind: 'health', health: 'healthy' }],
  ['health_status: unhealthy', {}, { kind: 'health', health: 'unhealthy' }],
  ['health_status: odd', {}, { kind: 'altered' }],
  ['connect', {}, { kind: 'altered' }],
  ['disconnect', {}, { kind: 'altered' }],
  ['exec_start: sh', {}, undefined],
  ['top', {}, undefined],
] as const) {
  test(`${action} is ${change ? JSON.stringify(change) : 'no business of ours'}`, () => {
    const event = eventOf(eventLine(action, id, attributes, nanos))
    expect(event).toEqual(change && { id, change, at: '1790000000.123456789' })
  })
}

test('a label can not fake the time', () => {
  const labels = { timeNano: '1111111111111111111', x: '"timeNano":2222222222222222222' }
  expect(eventOf(eventLine('start', id, labels, nanos))?.at).toBe('1790000000.123456789')
})

test('what is no event throws', () => {
  expect(() => eventOf('{"Type":1}')).toThrow(/Type/)
  expect(() => eventOf('half a li')).toThrow(/JSON/)
})

for (const [time, since] of [
  ['2026-01-02T03:04:05.5Z', '1767323045.500000000'],
  ['2026-01-02T04:04:05.123456789+01:00', '1767323045.123456789'],
  ['2026-01-02T03:04:05Z', '1767323045.000000000'],
  ['yesterday', ''],
] as const) {
  test(`the engine's clock at ${time} is ${since || 'not known'}`, () => {
    expect(sinceOf(time)).toBe(since)
  })
}

for (const end of ['end', 'error', 'destroy'] as const) {
  test(`a stream that is over by ${end} rejects, once`, async () => {
    const stream = new PassThrough()
    const lines: string[] = []
    const over = readLines(stream, (line) => lines.push(line))
    stream.write('one\n\ntwo\nthr')
    await new Promise((resolve) => setImmediate(resolve))
    if (end === 'end') stream.end()
    else if (end === 'error') stream.destroy(new Error('aborted'))
    else stream.destroy()
    await expect(over).rejects.toThrow('the engine ended the stream of events')
    expect(lines).toEqual(['one', 'two'])
  })
}

test('a line without an end is not kept for ever', async () => {
  const stream = new PassThrough()
  const over = readLines(stream, () => {})
  const part = 'x'.repeat(2 ** 20)
  for (let count = 0; count < 9; count++) stream.write(part)
  await expect(over).rejects.toMatchObject({ cause: { message: /longer than/ } })
})

test('of what an engine gives again only the event of the last moment is known already', () => {
  const history = createHistory()
  expect(history.since('e1', '5.0')).toBe('5.0')
  expect(history.isNew('a', '7.0')).toBe(true)
  expect(history.isNew('b', '7.0')).toBe(true)
  expect(history.isNew('late', '6.9')).toBe(true)
  expect(history.since('e1', '9.0')).toBe('7.0')
  expect([history.isNew('a', '7.0'), history.isNew('b', '7.0')]).toEqual([false, false])
  expect(history.isNew('c', '7.0')).toBe(true)
  expect(history.since('e2', '3.0')).toBe('3.0')
})
