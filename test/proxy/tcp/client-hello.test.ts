import { expect, test } from 'vitest'

import { HelloReader, type Opening } from '../../../src/proxy/tcp/hello-reader.ts'
import { extension, handmade, helloOf, inRecords, messageOf, nameExtension } from './hello.ts'

function read(...chunks: readonly Buffer[]): Opening {
  const reader = new HelloReader()
  let opening: Opening = { kind: 'more' }
  for (const chunk of chunks) {
    expect(opening.kind).toBe('more')
    opening = reader.push(chunk)
  }
  return opening
}

function records(message: Buffer): Opening {
  return read(inRecords(message, 16_384))
}

test('the name and the protocols of a real client are read', async () => {
  const hello = await helloOf({ servername: 'db.shop.test', ALPNProtocols: ['h2', 'http/1.1'] })
  expect(read(hello)).toEqual({
    kind: 'hello',
    name: 'db.shop.test',
    protocols: ['h2', 'http/1.1'],
  })
})

test('a client of TLS 1.2 without a name is read', async () => {
  const hello = await helloOf({ maxVersion: 'TLSv1.2' })
  expect(read(hello)).toEqual({ kind: 'hello', name: undefined, protocols: [] })
})

test('a hello may be split at any byte, and come byte by byte', async () => {
  const hello = await helloOf({ servername: 'db.shop.test' })
  for (let at = 1; at < hello.length; at++) {
    const opening = read(hello.subarray(0, at), hello.subarray(at))
    expect(opening).toMatchObject({ kind: 'hello', name: 'db.shop.test' })
  }
  const bytes = Array.from(hello, (byte) => Buffer.from([byte]))
  expect(read(...bytes)).toMatchObject({ kind: 'hello', name: 'db.shop.test' })
})

test('a hello may be cut into records, and those be split too', async () => {
  const message = messageOf(await helloOf({ servername: 'db.shop.test' }))
  for (const size of [Math.ceil(message.length / 60), 100, 500]) {
    const cut = inRecords(message, size)
    expect(read(cut)).toMatchObject({ kind: 'hello', name: 'db.shop.test' })
    const bytes = Array.from(cut, (byte) => Buffer.from([byte]))
    expect(read(...bytes)).toMatchObject({ kind: 'hello', name: 'db.shop.test' })
  }
})

test('what stands in the next record is left to the endpoint', async () => {
  const hello = await helloOf({ servername: 'db.shop.test' })
  const early = Buffer.from([23, 3, 3, 0, 3, 1, 2, 3])
  expect(read(Buffer.concat([hello, early]))).toMatchObject({ kind: 'hello' })
})

test('extensions that nobody knows are stepped over, GREASE and ECH too', () => {
  const all = Buffer.concat([
    extension(0x0a0a, Buffer.alloc(0)),
    extension(0xfe0d, Buffer.alloc(300, 1)),
    nameExtension('Outer.Test'),
    extension(0xfafa, Buffer.from([0])),
  ])
  expect(records(handmade(all))).toMatchObject({ kind: 'hello', name: 'outer.test' })
  expect(records(handmade(undefined))).toMatchObject({ kind: 'hello', name: undefined })
})

test('names that are none, or several, are refused', () => {
  const two = Buffer.concat([nameExtension('a.test'), nameExtension('b.test')])
  for (const bad of [
    two,
    nameExtension(''),
    nameExtension('a b.test'),
    nameExtension('a.test\0'),
    nameExtension('a.test:443'),
    nameExtension('a'.repeat(64)),
    nameExtension('a.test', 1),
    extension(0, Buffer.from([0, 9, 0])),
    extension(0, Buffer.alloc(0)),
    extension(16, Buffer.from([0, 2, 0, 0])),
    extension(16, Buffer.from([0, 1, 5])),
  ]) {
    expect(records(handmade(bad)).kind).toBe('bad')
  }
})

test('no length that does not fit is believed', () => {
  const good = handmade(Buffer.concat([nameExtension('a.test'), extension(5, Buffer.alloc(9))]))
  for (let at = 4; at < good.length; at++) {
    const short = Buffer.from(good.subarray(0, at))
    short.writeUIntBE(short.length - 4, 1, 3)
    // without any extensions it is whole again
    const isWhole = at === handmade(undefined).length
    expect(records(short).kind).toBe(isWhole ? 'hello' : 'bad')
  }
  const long = Buffer.concat([good, Buffer.alloc(1)])
  long.writeUIntBE(long.length - 4, 1, 3)
  expect(records(long).kind).toBe('bad')
  expect(records(Buffer.concat([good, Buffer.alloc(1)])).kind).toBe('bad')
})

test('what is not TLS is known by its first bytes', () => {
  expect(read(Buffer.from('G')).kind).toBe('not tls')
  expect(read(Buffer.from([22, 2])).kind).toBe('not tls')
  expect(read(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])).kind).toBe('not tls')
})

test('too long, too many and other messages are refused', () => {
  const long = handmade(extension(21, Buffer.alloc(17_000)))
  expect(read(inRecords(long, 16_000)).kind).toBe('bad')
  expect(read(inRecords(handmade(extension(21, Buffer.alloc(2000))), 10)).kind).toBe('bad')
  expect(read(Buffer.from([22, 3, 1, 0, 0])).kind).toBe('bad')
  expect(read(Buffer.from([22, 3, 1, 0x40, 1])).kind).toBe('bad')
  expect(read(Buffer.from([22, 3, 1, 0, 4, 2])).kind).toBe('bad')
  const half = inRecords(handmade(Buffer.alloc(0)), 20).subarray(0, 25)
  expect(read(half, Buffer.from([23])).kind).toBe('bad')
})

test('nothing that is wrong in a hello throws', async () => {
  const hello = await helloOf({ servername: 'db.shop.test', ALPNProtocols: ['a', 'b'] })
  let seed = 1
  const next = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below
  for (let round = 0; round < 5000; round++) {
    const bytes = Buffer.from(hello)
    for (let change = 0; change <= next(4); change++) bytes[next(bytes.length)] = next(256)
    const cut = next(bytes.length)
    const reader = new HelloReader()
    const first = reader.push(bytes.subarray(0, cut))
    if (first.kind === 'more') expect(reader.push(bytes.subarray(cut))).toBeDefined()
  }
})
