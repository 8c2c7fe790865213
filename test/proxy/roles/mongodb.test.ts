import { once } from 'node:events'
import { createServer } from 'node:net'

import { expect, test } from 'vitest'

import { bsonOf, fieldsOf } from '../../../src/proxy/checks/roles/bson.ts'
import { backend, named } from '../bed.ts'
import { member, roleBed } from './bed.ts'

type Hello = Record<string, unknown>

/** A field of a document as bsonspec.org has it. */
function field(name: string, value: unknown): Buffer {
  const key = Buffer.from(`${name}\0`)
  const of = (type: number, ...parts: readonly Buffer[]) =>
    Buffer.concat([Buffer.from([type]), key, ...parts])
  if (typeof value === 'boolean') return of(8, Buffer.from([value ? 1 : 0]))
  if (value instanceof Buffer) return of(7, value)
  const number = Buffer.alloc(typeof value === 'number' ? 8 : 4)
  if (typeof value === 'number') {
    number.writeDoubleLE(value)
    return of(1, number)
  }
  if (Array.isArray(value)) {
    return of(4, documentOf(Object.fromEntries(value.map((one, at) => [String(at), one]))))
  }
  const text = Buffer.from(`${String(value)}\0`)
  number.writeInt32LE(text.length)
  return of(2, number, text)
}

function documentOf(fields: Hello): Buffer {
  const parts = Object.entries(fields).map(([name, value]) => field(name, value))
  const body = Buffer.concat([Buffer.alloc(4), ...parts, Buffer.from([0])])
  body.writeInt32LE(body.length)
  return body
}

/** A server that answers `hello` by OP_MSG as `said` is then, piece by piece. */
async function mongo(said: Hello) {
  const asked: unknown[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      if (bytes.length < 21 || bytes.readInt32LE(12) !== 2013) return socket.destroy()
      asked.push(Object.fromEntries(fieldsOf(bytes.subarray(21))))
      const body = documentOf({ hosts: ['a:27017', 'b:27017'], ...said, ok: 1 })
      const head = Buffer.alloc(21)
      head.writeInt32LE(21 + body.length, 0)
      head.writeInt32LE(bytes.readInt32LE(4), 8)
      head.writeInt32LE(2013, 12)
      socket.write(head.subarray(0, 7))
      setImmediate(() => socket.write(Buffer.concat([head.subarray(7), body])))
      return undefined
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return { port, said, asked, [Symbol.dispose]: () => server.close() }
}

const election = (count: number) => Buffer.from(`7fffffff${String(count).padStart(16, '0')}`, 'hex')
const primary = (count: number, setVersion = 1): Hello => {
  const set = { setName: 'rs', setVersion, maxWireVersion: 21 }
  return { isWritablePrimary: true, secondary: false, electionId: election(count), ...set }
}
const secondary: Hello = { isWritablePrimary: false, secondary: true, setName: 'rs' }

test('MongoDB: the primary of the later election is believed, whatever the version of the set', async () => {
  using one = await mongo(primary(1, 9))
  using two = await mongo({ ...secondary })
  await using proxy = await roleBed()
  const [a, b] = [
    member('a', one.port, { kind: 'mongodb' }),
    member('b', two.port, { kind: 'mongodb' }),
  ]
  proxy.set(a, b)
  await proxy.reaches(a, 'primary')
  await proxy.reaches(b, 'replica')
  expect(proxy.roleOf(b)?.why).toBe('it is a secondary of rs')
  expect(one.asked[0]).toEqual({ hello: 1, $db: 'admin' })
  Object.assign(two.said, primary(2))
  await proxy.reaches(b, 'primary')
  await proxy.reaches(a, 'fenced')
  expect(proxy.roleOf(b)?.why).toBe('it is the primary of rs, election 2')
  Object.assign(one.said, secondary)
  await proxy.reaches(a, 'replica')
})

for (const [says, hello, why] of [
  ['an arbiter', { setName: 'rs', arbiterOnly: true }, 'it is an arbiter of rs'],
  ['one that starts', { setName: 'rs' }, 'it is neither primary nor secondary of rs'],
  ['one without a set', { isreplicaset: true }, 'it is no member of a replica set yet'],
  ['a mongos', { isWritablePrimary: true, msg: 'isdbgrid' }, 'it is a mongos'],
] as const) {
  test(`MongoDB: ${says} has no role`, async () => {
    using one = await mongo(hello)
    await using proxy = await roleBed()
    const a = member('a', one.port, { kind: 'mongodb' })
    proxy.set(a)
    await proxy.reaches(a, 'other')
    expect(proxy.roleOf(a)?.why).toBe(why)
  })
}

test('BSON that is cut short or lies about lengths is refused', () => {
  const whole = bsonOf({ hello: 1, $db: 'admin' })
  expect(Object.fromEntries(fieldsOf(whole))).toEqual({ hello: 1, $db: 'admin' })
  for (let length = 0; length < whole.length - 1; length++) {
    expect(() => fieldsOf(whole.subarray(0, length))).toThrow()
  }
  const lie = Buffer.from(whole)
  lie.writeInt32LE(0x7fffffff, whole.indexOf('$db') + 4)
  expect(() => fieldsOf(lie)).toThrow(RangeError)
})

test('what speaks another protocol has no role, and that is a problem', async () => {
  await using other = await named('x')
  for (const kind of ['redis', 'mongodb', 'postgres'] as const) {
    await using proxy = await roleBed()
    proxy.set(member('a', other.port, { kind, fall: 1 }))
    await expect
      .poll(() => proxy.problems(), { timeout: 60_000 })
      .toMatchObject([
        { where: 'container shop-db-a', what: expect.stringMatching(/^its role is not known/) },
      ])
  }
})

test('HTTP: 200 is the primary, 503 a replica, anything else neither', async () => {
  let status = 503
  const asked = new Set<string | undefined>()
  await using patroni = await backend(({ url }, response) => {
    asked.add(url)
    response.writeHead(status).end()
  })
  await using proxy = await roleBed()
  const a = member('a', 1, { kind: 'http', path: '/primary', port: patroni.port })
  proxy.set(a)
  await proxy.reaches(a, 'replica')
  status = 200
  await proxy.reaches(a, 'primary')
  status = 404
  await proxy.reaches(a, 'other')
  expect(proxy.roleOf(a)?.why).toBe('GET /primary gave 404')
  expect([...asked]).toEqual(['/primary'])
})
