import { Worker } from 'node:worker_threads'

import { PortolanError } from '../../core/errors.ts'
import type { Order, Report, Start } from '../feed.ts'
import type { Bound, Listener } from '../listener.ts'

/** One worker thread. */
export type Member = {
  readonly post: (order: Order) => void
  /** Rejects `listen` when a listener can't be opened, or the thread ends before. */
  listen(listeners: readonly Listener[]): Promise<readonly Bound[]>
  /** Resolves when the thread is no more, with what ended it. */
  readonly ended: Promise<Error>
  /** Ends it now. */
  terminate(): Promise<unknown>
}

export type MemberOptions = {
  readonly name: string
  readonly start: Omit<Start, 'ordered'>
  readonly applied: () => void
  readonly warned: (message: string) => void
}

/** Short-lived objects are nearly all that a proxy makes: more room for them is memory, not speed. */
const resourceLimits = { maxYoungGenerationSizeMb: 12 }

export function startMember({ name, start, applied, warned }: MemberOptions): Member {
  const ordered = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const worker = new Worker(new URL('../worker/thread.ts', import.meta.url), {
    name,
    workerData: { ...start, ordered } satisfies Start,
    resourceLimits,
    execArgv: [],
  })
  const bound = Promise.withResolvers<readonly Bound[]>()
  const ended = Promise.withResolvers<Error>()
  let cause: Error | undefined
  // nobody may be waiting for it any more
  bound.promise.catch(() => {})
  worker.on('error', (error) => {
    cause = error instanceof Error ? error : new Error(String(error))
  })
  worker.on('exit', (code) => {
    const error = cause ?? new Error(`the thread ended with code ${code}`)
    const message = 'a worker ended before it could listen'
    bound.reject(new PortolanError('listen', message, { cause: error }))
    ended.resolve(error)
  })
  worker.on('message', (report: Report) => {
    switch (report.kind) {
      case 'listening':
        return bound.resolve(report.bound)
      case 'refused':
        return bound.reject(new PortolanError('listen', report.message))
      case 'applied':
        return applied()
      case 'warning':
        return warned(report.message)
    }
  })

  function post(order: Order): void {
    // first the count: who sees the old one was there before
    Atomics.add(ordered, 0, 1)
    worker.postMessage(order)
  }

  return {
    post,
    listen(listeners) {
      post({ kind: 'listen', listeners })
      return bound.promise
    },
    ended: ended.promise,
    terminate: () => worker.terminate(),
  }
}
