import { Duplex } from 'node:stream'

import { expect, test } from 'vitest'

import { bulkBuffers } from '../../../src/proxy/buffers.ts'
import { Answering } from '../../../src/proxy/exchange/answering.ts'
import { Asked } from '../../../src/proxy/exchange/asked.ts'
import { Parked } from '../../../src/proxy/exchange/parked.ts'
import { ClientConnection } from '../../../src/proxy/http1/client-connection.ts'
import { Sender } from '../../../src/proxy/http1/sender.ts'
import { origin } from '../origin.ts'
import { ownerOf } from './owner.ts'

/** An answer to a client that takes what is written when it is told to. */
function answer() {
  const taken: (() => void)[] = []
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => taken.push(done) })
  const client = new ClientConnection(stream, ownerOf(unasked), 0)
  const buffers = bulkBuffers()
  const asked = new Asked(origin, false)
  const parked = new Parked(1_000_000)
  const sender = new Sender(buffers, buffers, Buffer.alloc(1024))
  const answering = new Answering(client, asked, sender, parked)
  const lent = buffers.take()
  stream.write(lent.subarray(0, 10))
  answering.owe([lent])
  return { answering, parked, buffers, lent, take: () => taken.shift()?.() }
}

function unasked(): never {
  throw new Error('nothing is asked for')
}

test('a buffer that is still being written at the end of an answer is used again when it has gone', () => {
  const { answering, buffers, lent, take } = answer()
  answering.reset()
  expect(buffers.take()).not.toBe(lent)
  take()
  answering.reset()
  expect(buffers.take()).toBe(lent)
  expect(buffers.take()).not.toBe(lent)
})

test('a client that drains, or is gone, gives back what it was owed', () => {
  const { answering, buffers, lent } = answer()
  answering.unpark()
  expect(buffers.take()).toBe(lent)
})

test('what waits counts as the buffers in which it stands, though nobody is held up', () => {
  const { answering, parked, lent, take } = answer()
  answering.recount(0)
  expect(parked.bytes).toBe(lent.length)
  answering.recount(1000)
  expect(parked.bytes).toBe(lent.length + 1000)
  take()
  answering.recount(0)
  expect(parked.bytes).toBe(0)
})
