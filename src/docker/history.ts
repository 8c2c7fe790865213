/** How far the events of one engine have been read. */
export type History = {
  /**
   * Where to go on reading: after the last event, or from `now` on when nothing was read of this engine yet. An
   * engine gives again the event that stands exactly there.
   */
  since(engine: string, now: string): string
  /** Whether `line` is new; `at` is its time. */
  isNew(line: string, at: string): boolean
}

/** Times are `seconds.nanoseconds` as text: as long as seconds have ten digits they sort as they are. */
export function createHistory(): History {
  let engine = ''
  let newest = ''
  let atNewest = new Set<string>()
  return {
    since(id, now) {
      if (id !== engine || newest === '') {
        engine = id
        newest = now
        atNewest = new Set()
      }
      return newest
    },
    isNew(line, at) {
      // events of different containers may come in another order than their times
      if (at < newest) return true
      if (at > newest) atNewest = new Set()
      newest = at
      if (atNewest.has(line)) return false
      atNewest.add(line)
      return true
    },
  }
}
