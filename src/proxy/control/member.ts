import { Worker } from 'node:worker_threads'

import { PortolanError } from '../../core/errors.ts'
import type { Order, Report, Start } from '../feed.ts'
import type { Bound, Listener } from '../listener.ts'

/** One worker thread. */
export type Member = {
  readonly post: (order: Order) => void
  /** Opens those that are not open yet. Rejects `listen` when one can't be opened, or the thread ends before. */
  listen(listeners: readonly Listener[]): Promise<readonly Bound[]>
  /** Other than the last time if its event loop has moved since; 0 until it does for the first time. */
  beats(): number
  /** Resolves when the thread is no more, with what ended it. */
  readonly ended: Promise<Error>
  /** Ends it now, whatever it does. */
  terminate(): Promise<unknown>
}

export type MemberOptions = {
  readonly name: string
  readonly start: Omit<Start, 'ordered' | 'beats'>
  readonly applied: () => void
  readonly warned: (message: string) => void
}

/** Short-lived objects are nearly all that a proxy makes: more room for them is memory, not speed. */
export const resourceLimits = { maxYoungGenerationSizeMb: 12 }

export function startMember({ name, start, applied, warned }: MemberOptions): Member {
  const ordered = newCount()
  const beats = newCount()
  const worker = new Worker(new URL('../worker/thread.ts', import.meta.url), {
    name,
    workerData: { ...start, ordered, beats } satisfies Start,
    resourceLimits,
    execArgv: [],
  })
  /** Those who wait for listeners, in turn. */
  const opening: PromiseWithResolvers<readonly Bound[]>[] = []
  const ended = endOf(worker)
  const refuseAll = (cause: Error) => {
    const error = new PortolanError('listen', 'a worker ended before it could listen', { cause })
    for (const one of opening.splice(0)) one.reject(error)
  }
  void ended.then(refuseAll)
  worker.on('message', (report: Report) => {
    switch (report.kind) {
      case 'listening':
        return opening.shift()?.resolve(report.bound)
      case 'refused':
        return opening.shift()?.reject(new PortolanError('listen', report.message))
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
      const bound = Promise.withResolvers<readonly Bound[]>()
      // nobody may be waiting for it any more
      bound.promise.catch(() => {})
      opening.push(bound)
      post({ kind: 'listen', listeners })
      return bound.promise
    },
    beats: () => Atomics.load(beats, 0),
    ended,
    terminate: () => worker.terminate(),
  }
}

function newCount(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
}

/** Resolves when the thread is no more, with what ended it. */
function endOf(worker: Worker): Promise<Error> {
  const { promise, resolve } = Promise.withResolvers<Error>()
  let cause: Error | undefined
  worker.on('error', (error) => {
    cause = error instanceof Error ? error : new Error(String(error))
  })
  worker.on('exit', (code) => resolve(cause ?? new Error(`the thread ended with code ${code}`)))
  return promise
}
