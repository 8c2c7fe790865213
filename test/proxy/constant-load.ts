import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

type Numbers = {
  readonly answers: number
  readonly failures: number
  readonly longestMs: number
}

/** A service, and a constant load on it, in another thread. */
export async function load() {
  const thread = new Worker(new URL('load-thread.ts', import.meta.url), { execArgv: [] })
  const heard = async <T>(): Promise<T> => {
    const [message]: T[] = await once(thread, 'message')
    if (message === undefined) throw new Error('the thread said nothing')
    return message
  }
  const { port } = await heard<{ port: number }>()
  return {
    port,
    begin: (proxyPort: number) => thread.postMessage(proxyPort),
    /** Since the last time. */
    async numbers(): Promise<Numbers> {
      thread.postMessage('numbers')
      return await heard<Numbers>()
    },
    async [Symbol.asyncDispose]() {
      await thread.terminate()
    },
  }
}
