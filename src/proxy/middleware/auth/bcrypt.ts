import { Worker } from 'node:worker_threads'

import type { Question, Reply } from './bcrypt-thread.ts'

/** Comparisons that may wait; what comes on top is told to come later. */
const mostWaiting = 64

/**
 * Compares passwords with bcrypt hashes on a thread of its own: one takes 50 ms and more, in which no other request
 * could go on. Undefined: too many wait, or the thread failed.
 */
export function bcryptChecker(): (password: string, hash: string) => Promise<boolean | undefined> {
  const waiting = new Map<number, (fits: boolean | undefined) => void>()
  let thread: Worker | undefined
  let lastId = 0

  function started(): Worker {
    const fresh = new Worker(new URL('bcrypt-thread.ts', import.meta.url))
    // who waits for an answer has a connection that keeps the process
    fresh.unref()
    fresh.on('message', ({ id, fits }: Reply) => settle(id, fits))
    const lost = () => {
      if (thread === fresh) thread = undefined
      for (const id of waiting.keys()) settle(id, undefined)
    }
    fresh.on('error', lost)
    fresh.on('exit', lost)
    return fresh
  }

  function settle(id: number, fits: boolean | undefined): void {
    waiting.get(id)?.(fits)
    waiting.delete(id)
  }

  return (password, hash) => {
    if (waiting.size >= mostWaiting) return Promise.resolve(undefined)
    const { promise, resolve } = Promise.withResolvers<boolean | undefined>()
    const id = ++lastId
    waiting.set(id, resolve)
    thread ??= started()
    thread.postMessage({ id, password, hash } satisfies Question, [])
    return promise
  }
}
