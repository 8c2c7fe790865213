import { setTimeout as pause } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { PortolanError } from '../../src/core/errors.ts'
import { embeddedStore } from '../../src/store/embedded.ts'
import { createSession, type Session } from '../../src/store/session.ts'
import type { Store } from '../../src/store/store.ts'
import { eventually } from './eventually.ts'

const never = new AbortController().signal

test.concurrent('the lease is held for longer than its time', async () => {
  await using store = embeddedStore()
  await using one = holding(store, 1)
  const first = await one.granted()
  await pause(2500)
  expect(one.session.lease.current?.id).toBe(first)
  expect(await store.keepAlive(first, never)).toBe(1)
  expect(one.errors).toEqual([])
})

test.concurrent('when the store has lost the lease, a new one is taken', async () => {
  await using store = embeddedStore()
  await using one = holding(store, 1)
  const first = await one.granted()
  await store.revoke(first, never)
  await eventually(() => expect(one.session.lease.current?.id).not.toBe(first))
  expect(await one.granted()).not.toBe(first)
  expect(one.errors).toMatchObject([{ code: 'store-down', message: /is lost/ }])
})

test.concurrent('a store that is out of reach for less than the time costs no lease', async () => {
  await using store = embeddedStore()
  const line = breakable(store)
  await using one = holding(line, 3)
  const first = await one.granted()
  line.isCut = true
  await pause(2200)
  expect(one.session.lease.current?.id).toBe(first)
  line.isCut = false
  await pause(1500)
  expect(one.session.lease.current?.id).toBe(first)
  expect(one.errors.length).toBeGreaterThan(1)
})

test.concurrent('a store that is out of reach for longer costs the lease', async () => {
  await using store = embeddedStore()
  const line = breakable(store)
  await using one = holding(line, 1)
  await one.granted()
  line.isCut = true
  await eventually(() => expect(one.session.lease.current).toBeUndefined())
  line.isCut = false
  await one.granted()
})

test.concurrent('the end of a process leaves the lease, leaving gives it back', async () => {
  await using store = embeddedStore()
  const stopped = holding(store, 5)
  const kept = await stopped.granted()
  await stopped[Symbol.asyncDispose]()
  expect(await store.keepAlive(kept, never)).toBe(5)

  await using leaving = holding(store, 5)
  const given = await leaving.granted()
  await leaving.session.leave(never)
  expect(await store.keepAlive(given, never)).toBe(0)
  expect(leaving.session.lease.current).toBeUndefined()
  await pause(100)
  expect(leaving.session.lease.current).toBeUndefined()
})

test.concurrent('leaving a store that does not answer ends all the same', async () => {
  await using store = embeddedStore()
  const hung = {
    ...store,
    revoke: (_: string, signal: AbortSignal) =>
      new Promise<void>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')))
      }),
  }
  await using one = holding(hung, 5)
  await one.granted()
  const started = performance.now()
  await expect(one.session.leave(never)).rejects.toMatchObject({ code: 'store-down' })
  expect(performance.now() - started).toBeLessThan(15_000)
})

type Holding = AsyncDisposable & {
  readonly session: Session
  readonly errors: unknown[]
  granted(): Promise<string>
}

function holding(
  store: Pick<Store, 'grant' | 'keepAlive' | 'revoke'>,
  ttlSeconds: number,
): Holding {
  const stop = new AbortController()
  const errors: unknown[] = []
  const session = createSession({ store, ttlSeconds, onError: (error) => errors.push(error) })
  const running = session.run(stop.signal)
  return {
    session,
    errors,
    async granted() {
      const get = () => session.lease.current?.id
      await eventually(() => expect(get()).toBeDefined())
      return get() ?? ''
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

/** `store` behind a line that can be cut. */
function breakable(store: Store) {
  const line = {
    ...store,
    isCut: false,
    async grant(...all: Parameters<Store['grant']>) {
      check()
      return await store.grant(...all)
    },
    async keepAlive(...all: Parameters<Store['keepAlive']>) {
      check()
      return await store.keepAlive(...all)
    },
  }
  const check = () => {
    if (line.isCut) throw new PortolanError('store-down', 'the line is cut')
  }
  return line
}
