import type { Worker } from 'node:worker_threads'

/** The threads that this process starts from now on, the oldest first. */
export function startedThreads() {
  const threads: Worker[] = []
  const add = (thread: Worker) => void threads.push(thread)
  process.on('worker', add)
  return {
    threads,
    [Symbol.dispose]: () => void process.off('worker', add),
  }
}
