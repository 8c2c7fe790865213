/** A value that changes over time. */
export type Live<T> = {
  readonly current: T
  /** Yields `current`, then each newer value; a slow reader skips to the newest. Ends with `signal`. */
  changes(signal: AbortSignal): AsyncIterable<T>
}

export type MutableLive<T> = Live<T> & { set(next: T): void }

export function live<T>(initial: T): MutableLive<T> {
  let current = initial
  let version = 0
  const readers = new Set<() => void>()

  return {
    get current() {
      return current
    },
    set(next) {
      current = next
      version++
      for (const wake of readers) wake()
    },
    async *changes(signal) {
      let wake = () => {}
      const reader = () => wake()
      let seen = -1
      readers.add(reader)
      signal.addEventListener('abort', reader)
      try {
        while (!signal.aborted) {
          if (seen === version) {
            await new Promise<void>((resolve) => {
              wake = resolve
            })
          } else {
            seen = version
            yield current
          }
        }
      } finally {
        readers.delete(reader)
        signal.removeEventListener('abort', reader)
      }
    },
  }
}

/** A live value computed from another. Holds still while `same` says nothing changed. */
export function derive<A, B>(
  source: Live<A>,
  compute: (value: A) => B,
  same: (before: B, after: B) => boolean = Object.is,
): Live<B> {
  let input = source.current
  let output = compute(input)
  const refresh = () => {
    if (!Object.is(input, source.current)) {
      input = source.current
      const next = compute(input)
      if (!same(output, next)) output = next
    }
    return output
  }
  return {
    get current() {
      return refresh()
    },
    async *changes(signal) {
      let sent: { value: B } | undefined
      for await (const _ of source.changes(signal)) {
        const value = refresh()
        if (sent && Object.is(sent.value, value)) continue
        sent = { value }
        yield value
      }
    },
  }
}

/** Two live values as one pair, which keeps its identity while both hold still. */
export function both<A, B>(a: Live<A>, b: Live<B>): Live<readonly [A, B]> {
  let pair: readonly [A, B] = [a.current, b.current]
  const refresh = () => {
    const same = Object.is(pair[0], a.current) && Object.is(pair[1], b.current)
    if (!same) pair = [a.current, b.current]
    return pair
  }
  return {
    get current() {
      return refresh()
    },
    async *changes(signal) {
      const left = new AbortController()
      try {
        const life = AbortSignal.any([signal, left.signal])
        for await (const _ of anyChange([a, b], life)) yield refresh()
      } finally {
        left.abort()
      }
    },
  }
}

/** Whichever of several live values changed: yields nothing but the wish to look again. */
export async function* anyChange(
  sources: readonly Live<unknown>[],
  signal: AbortSignal,
): AsyncIterable<void> {
  const ticks = live(0)
  const watching = sources.map(async (source) => {
    for await (const _ of source.changes(signal)) ticks.set(ticks.current + 1)
  })
  for await (const _ of ticks.changes(signal)) yield
  await Promise.all(watching)
}

/** Resolves with the first value that `wanted` accepts. Rejects when `signal` aborts before. */
export async function until<T, S extends T>(
  source: Live<T>,
  wanted: (value: T) => value is S,
  signal: AbortSignal,
): Promise<S> {
  for await (const value of source.changes(signal)) if (wanted(value)) return value
  throw signal.reason
}
