import { Duplex } from 'node:stream'

import { expect, test } from 'vitest'

import { boxBuffers, buffersOf, bulkBuffers } from '../../../src/proxy/buffers.ts'
import { Sender } from '../../../src/proxy/http1/sender.ts'

/** Somebody who takes what was written only when it is told to, and then as it is by that time. */
function slow() {
  const waiting: { readonly bytes: Buffer; readonly done: () => void }[] = []
  const stream = new Duplex({
    read() {},
    write: (bytes: Buffer, _, done) => waiting.push({ bytes, done }),
  })
  const take = () => {
    let all = ''
    for (let one = waiting.shift(); one; one = waiting.shift()) {
      all += one.bytes.latin1Slice()
      one.done()
    }
    return all
  }
  return { stream, take }
}

const sizes = [10, 4096, 4097, 60_000]

for (const size of sizes) {
  test(`${size} bytes of a shared buffer may be overwritten before anybody has taken them`, () => {
    const shared = Buffer.alloc(64 * 1024)
    const sender = new Sender(bulkBuffers(), boxBuffers(), shared)
    const { stream, take } = slow()
    const send = (letter: string, text: string) => {
      shared.fill(letter)
      sender.send(stream, text, shared, 5, 5 + size)
    }
    send('a', 'head ')
    send('b', '')
    shared.fill('c')
    expect(take()).toBe(`head ${'a'.repeat(size)}${'b'.repeat(size)}`)
  })
}

test('a head that leaves no room for what is shared goes before it', () => {
  const shared = Buffer.alloc(64 * 1024, 'a')
  const sender = new Sender(bulkBuffers(), boxBuffers(), shared)
  const { stream, take } = slow()
  const head = 'h'.repeat(100_000)
  sender.send(stream, head, shared, 0, 60_000)
  shared.fill('b')
  expect(take()).toBe(head + 'a'.repeat(60_000))
})

test('a buffer that somebody still reads is used again when it has gone, not before', () => {
  const shared = Buffer.alloc(16 * 1024)
  let made = 0
  const buffers = buffersOf(64 * 1024, 4)
  const counting = { ...buffers, take: () => (made++, buffers.take()) }
  const sender = new Sender(counting, boxBuffers(), shared)
  const [one, other] = [slow(), slow()]
  const send = ({ stream }: typeof one, letter: string) => {
    sender.send(stream, '', shared.fill(letter), 0, 10_000)
  }
  for (const letter of ['a', 'b', 'c']) send(one, letter)
  expect(made).toBe(4)
  expect(one.take()).toBe(['a', 'b', 'c'].map((letter) => letter.repeat(10_000)).join(''))
  for (const letter of ['d', 'e', 'f']) send(other, letter)
  expect(made).toBe(4)
  expect(other.take()).toBe(['d', 'e', 'f'].map((letter) => letter.repeat(10_000)).join(''))
})
