export type LookQueue = {
  /**
   * Asks for a look at `id` that begins after this call; resolves when it is over. Asking again for one that
   * waits costs nothing.
   */
  ask(id: string): Promise<void>
  /** How many wait or run. */
  readonly pending: number
}

/**
 * Looks at one container at a time for each id, and at `parallel` ids at once, in the order of asking. `look`
 * gives false when it has to be done again; it must not reject.
 */
export function lookQueue(look: (id: string) => Promise<boolean>, parallel: number): LookQueue {
  const waiting = new Map<string, PromiseWithResolvers<void>>()
  const running = new Set<string>()

  const enqueue = (id: string) => {
    const asked = waiting.get(id) ?? Promise.withResolvers<void>()
    waiting.set(id, asked)
    return asked
  }
  const pump = () => {
    for (const [id, asked] of waiting) {
      if (running.size >= parallel) return
      if (running.has(id)) continue
      waiting.delete(id)
      running.add(id)
      void run(id, asked)
    }
  }
  const run = async (id: string, asked: PromiseWithResolvers<void>) => {
    const done = await look(id)
    running.delete(id)
    asked.resolve(done ? undefined : enqueue(id).promise)
    pump()
  }

  return {
    ask(id) {
      const { promise } = enqueue(id)
      pump()
      return promise
    },
    get pending() {
      return waiting.size + running.size
    },
  }
}
