import type { Container } from './docker.ts'
import type { ContainerEvent } from './events.ts'
import type { Reading } from './inspect.ts'
import { afterDeadline, afterEvent, afterReading, type Track, untracked } from './overlay.ts'
import type { Timers } from './timers.ts'

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

/** All containers of one engine as they are believed to be now. */
export class Chart {
  private readonly options: ChartOptions
  private readonly tracks = new Map<string, Track>()
  /** Events since the look began that is under way. */
  private readonly looking = new Map<string, { count: number }>()

  constructor(options: ChartOptions) {
    this.options = options
  }

  /** Ids of all that anything is known of. */
  ids(): string[] {
    return [...this.tracks.keys()]
  }

  containers(): ReadonlyMap<string, Container> {
    return new Map(
      [...this.tracks].flatMap(([id, { reading }]) => (reading ? [[id, reading.container]] : [])),
    )
  }

  take({ id, change }: ContainerEvent): void {
    const { ask, onChange, timers } = this.options
    const before = this.trackOf(id)
    const { track, look } = afterEvent(before, change)
    const events = this.looking.get(id)
    if (events) events.count++
    if (change.kind === 'killed') timers.clear(`drain ${id}`)
    this.keep(id, track)
    if (look === 'soon') timers.set(`look ${id}`, settleMs, () => ask(id))
    if (look === 'now') {
      timers.clear(`look ${id}`)
      ask(id)
    }
    if (track.reading !== before.reading) onChange('gone')
  }

  /**
   * Takes in what `inspect` gives. False when an event came in between: the result may be older than it, and was
   * dropped. Rejects as `inspect` does, and then changes nothing.
   */
  async look(id: string, inspect: () => Promise<Reading | undefined>): Promise<boolean> {
    const { looking } = this
    const events = { count: 0 }
    looking.set(id, events)
    try {
      const reading = await inspect()
      if (events.count > 0) return false
      this.settle(id, reading)
      return true
    } finally {
      looking.delete(id)
    }
  }

  private trackOf(id: string): Track {
    return this.tracks.get(id) ?? untracked
  }

  private settle(id: string, reading: Reading | undefined): void {
    const before = this.trackOf(id)
    const track = afterReading(before, reading)
    this.keep(id, track)
    if (track.reading !== before.reading) this.options.onChange(track.reading ? 'came' : 'gone')
  }

  private keep(id: string, track: Track): void {
    if (track === untracked) this.tracks.delete(id)
    else this.tracks.set(id, track)
    this.watchDeadline(id, track)
  }

  private watchDeadline(id: string, { reading }: Track): void {
    const { ask, timers } = this.options
    const key = `drain ${id}`
    if (!reading?.container.draining) timers.clear(key)
    else if (!timers.has(key)) {
      const seconds = reading.container.stopTimeout + graceSeconds
      timers.set(key, seconds * 1000, () => {
        this.keep(id, afterDeadline(this.trackOf(id)))
        ask(id)
      })
    }
  }
}
