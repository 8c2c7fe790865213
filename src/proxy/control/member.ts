import { Worker } from 'node:worker_threads'

import { PortolanError } from '../../core/errors.ts'
import type { Order, Report, Start } from '../feed.ts'
import type { Bound, Listener } from '../listener.ts'

export type MemberOptions = {
  readonly name: string
  readonly start: Omit<Start, 'ordered' | 'beats'>
  readonly applied: () => void
  readonly warned: (message: string) => void
}

/** Short-lived objects are nearly all that a proxy makes: more room for them is memory, not speed. */
export const resourceLimits = { maxYoungGenerationSizeMb: 12 }

/** One worker thread. */
export class Member {
  /** Resolves when the thread is no more, with what ended it. */
  readonly ended: Promise<Error>
  private readonly options: MemberOptions
  private readonly worker: Worker
  private readonly ordered = newCount()
  private readonly moved = newCount()
  /** Those who wait for listeners, in turn. */
  private readonly opening: PromiseWithResolvers<readonly Bound[]>[] = []

  /** Starts it. */
  constructor(options: MemberOptions) {
    const { name, start } = options
    const { ordered, moved } = this
    this.options = options
    this.worker = new Worker(new URL('../worker/thread.ts', import.meta.url), {
      name,
      workerData: { ...start, ordered, beats: moved } satisfies Start,
      resourceLimits,
      execArgv: [],
    })
    this.ended = endOf(this.worker)
    void this.ended.then((cause) => this.refuseAll(cause))
    this.worker.on('message', (report: Report) => this.hear(report))
  }

  post(order: Order): void {
    // first the count: who sees the old one was there before
    Atomics.add(this.ordered, 0, 1)
    this.worker.postMessage(order)
  }

  /** Opens those that are not open yet. Rejects `listen` when one can't be opened, or the thread ends before. */
  listen(listeners: readonly Listener[]): Promise<readonly Bound[]> {
    const bound = Promise.withResolvers<readonly Bound[]>()
    // nobody may be waiting for it any more
    bound.promise.catch(() => {})
    this.opening.push(bound)
    this.post({ kind: 'listen', listeners })
    return bound.promise
  }

  /** Other than the last time if its event loop has moved since; 0 until it does for the first time. */
  beats(): number {
    return Atomics.load(this.moved, 0)
  }

  /** Ends it now, whatever it does. */
  terminate(): Promise<unknown> {
    return this.worker.terminate()
  }

  private hear(report: Report): void {
    const { options, opening } = this
    switch (report.kind) {
      case 'listening':
        return opening.shift()?.resolve(report.bound)
      case 'refused':
        return opening.shift()?.reject(new PortolanError('listen', report.message))
      case 'applied':
        return options.applied()
      case 'warning':
        return options.warned(report.message)
    }
  }

  private refuseAll(cause: Error): void {
    const error = new PortolanError('listen', 'a worker ended before it could listen', { cause })
    for (const one of this.opening.splice(0)) one.reject(error)
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
