import type { Container } from './docker.ts'
import type { ContainerEvent } from './events.ts'
import type { Reading } from './inspect.ts'
import { afterDeadline, afterEvent, afterReading, type Track, untracked } from './overlay.ts'
import type { Timers } from './timers.ts'

/** All containers of one engine as they are believed to be now. */
export type Chart = {
  /** Ids of all that anything is known of. */
  ids(): string[]
  containers(): ReadonlyMap<string, Container>
  take(event: ContainerEvent): void
  /**
   * Takes in what `inspect` gives. False when an event came in between: the result may be older than it, and was
   * dropped. Rejects as `inspect` does, and then changes nothing.
   */
  look(id: string, inspect: () => Promise<Reading | undefined>): Promise<boolean>
}

export type ChartOptions = {
  /** Wants a look at this container now. */
  readonly ask: (id: string) => void
  /** Something changed; `gone`: something that must not wait. */
  readonly onChange: (urgency: 'gone' | 'came') => void
  readonly timers: Timers
}

/** How long after a death the engine has surely settled whether it restarts: inspect blocks for up to 130 ms. */
const settleMs = 200
/** How much longer than its stop timeout a container may take to end. */
const graceSeconds = 2

export function createChart({ ask, onChange, timers }: ChartOptions): Chart {
  const tracks = new Map<string, Track>()
  /** Events since the look began that is under way. */
  const looking = new Map<string, { count: number }>()

  const keep = (id: string, track: Track) => {
    if (track === untracked) tracks.delete(id)
    else tracks.set(id, track)
    watchDeadline(id, track)
  }
  const watchDeadline = (id: string, { reading }: Track) => {
    const key = `drain ${id}`
    if (!reading?.container.draining) timers.clear(key)
    else if (!timers.has(key)) {
      const seconds = reading.container.stopTimeout + graceSeconds
      timers.set(key, seconds * 1000, () => {
        keep(id, afterDeadline(tracks.get(id) ?? untracked))
        ask(id)
      })
    }
  }
  const settle = (id: string, reading: Reading | undefined) => {
    const before = tracks.get(id) ?? untracked
    const track = afterReading(before, reading)
    keep(id, track)
    if (track.reading !== before.reading) onChange(track.reading ? 'came' : 'gone')
  }

  return {
    ids: () => [...tracks.keys()],
    containers: () =>
      new Map(
        [...tracks].flatMap(([id, { reading }]) => (reading ? [[id, reading.container]] : [])),
      ),

    take({ id, change }) {
      const before = tracks.get(id) ?? untracked
      const { track, look } = afterEvent(before, change)
      const events = looking.get(id)
      if (events) events.count++
      if (change.kind === 'killed') timers.clear(`drain ${id}`)
      keep(id, track)
      if (look === 'soon') timers.set(`look ${id}`, settleMs, () => ask(id))
      if (look === 'now') {
        timers.clear(`look ${id}`)
        ask(id)
      }
      if (track.reading !== before.reading) onChange('gone')
    },

    async look(id, inspect) {
      const events = { count: 0 }
      looking.set(id, events)
      try {
        const reading = await inspect()
        if (events.count > 0) return false
        settle(id, reading)
        return true
      } finally {
        looking.delete(id)
      }
    },
  }
}
