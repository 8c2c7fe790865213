/** Those who want to hear which keys changed; what was told since its last turn waits for each of them. */
export type Followers = {
  /** Notes that `key` changed. */
  changed(key: string): void
  /** Gives everybody a turn for whom something was noted, or who has had none. The first call makes it `known`. */
  wake(): void
  /** Yields `all` first, once `wake` was called, and what changed since. Ends with `signal`. */
  readonly follow: (
    all: Iterable<string>,
    signal: AbortSignal,
  ) => AsyncIterable<ReadonlySet<string>>
}

type Follower = { changed: Set<string>; wake: () => void }

export function createFollowers(): Followers {
  const followers = new Set<Follower>()
  let isKnown = false

  return {
    changed(key) {
      for (const { changed } of followers) changed.add(key)
    },
    wake() {
      isKnown = true
      for (const follower of followers) follower.wake()
    },
    async *follow(all, signal) {
      const follower: Follower = { changed: new Set(all), wake: () => {} }
      const wake = () => follower.wake()
      followers.add(follower)
      signal.addEventListener('abort', wake)
      let isFirst = true
      try {
        while (!signal.aborted) {
          if (isKnown && (isFirst || follower.changed.size > 0)) {
            const { changed } = follower
            follower.changed = new Set()
            isFirst = false
            yield changed
          } else {
            await new Promise<void>((resolve) => {
              follower.wake = resolve
            })
          }
        }
      } finally {
        followers.delete(follower)
        signal.removeEventListener('abort', wake)
      }
    },
  }
}
