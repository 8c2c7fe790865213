import { Worker } from 'node:worker_threads'

import type { Question, Reply } from './bcrypt-thread.ts'

/** Comparisons that may wait, in all and for one address; what comes on top is told to come later. */
const mostWaiting = 64
const mostOfOne = 8

/** `ip`: who wants to know. Undefined: too many wait, or the thread failed. */
type Checker = (password: string, hash: string, ip: string) => Promise<boolean | undefined>
type Waiting = { readonly ip: string; readonly answer: (fits: boolean | undefined) => void }

/**
 * Compares passwords with bcrypt hashes on a thread of its own: one takes 50 ms and more, in which no other request
 * could go on.
 */
export function bcryptChecker(): Checker {
  const waiting = new Map<number, Waiting>()
  let thread: Worker | undefined
  let lastId = 0

  function started(): Worker {
    const fresh = new Worker(new URL('bcrypt-thread.ts', import.meta.url), { execArgv: [] })
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
    waiting.get(id)?.answer(fits)
    waiting.delete(id)
  }

  return (password, hash, ip) => {
    const ofOne = [...waiting.values()].filter((one) => one.ip === ip)
    const isTooMuch = waiting.size >= mostWaiting || ofOne.length >= mostOfOne
    if (isTooMuch) return Promise.resolve(undefined)
    const { promise, resolve: answer } = Promise.withResolvers<boolean | undefined>()
    const id = ++lastId
    waiting.set(id, { ip, answer })
    thread ??= started()
    thread.postMessage({ id, password, hash } satisfies Question, [])
    return promise
  }
}
