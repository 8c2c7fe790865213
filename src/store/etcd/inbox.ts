/** Messages that came in and wait to be read, until one failure ends it. */
export type Inbox<T> = {
  push(message: T): void
  /** Ends the inbox. What waits is dropped: after a doubt nobody should act on it. The first failure counts. */
  readonly fail: (error: unknown) => void
  /** Yields each message once; throws the failure. Ends with `signal`. For one reader. */
  read(signal: AbortSignal): AsyncIterable<T>
}

export function createInbox<T>(): Inbox<T> {
  let waiting: T[] = []
  let failure: { readonly error: unknown } | undefined
  let wake = () => {}

  return {
    push(message) {
      waiting.push(message)
      wake()
    },
    fail(error) {
      failure ??= { error }
      wake()
    },
    async *read(signal) {
      const aborted = () => wake()
      signal.addEventListener('abort', aborted)
      try {
        while (!signal.aborted) {
          if (failure) throw failure.error
          const batch = waiting
          waiting = []
          for (const message of batch) {
            if (failure || signal.aborted) break
            yield message
          }
          if (waiting.length > 0 || failure || signal.aborted) continue
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      } finally {
        signal.removeEventListener('abort', aborted)
      }
    },
  }
}
