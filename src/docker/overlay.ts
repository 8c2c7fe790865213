import { isDeepStrictEqual } from 'node:util'

import type { Container } from './docker.ts'
import type { ContainerEvent } from './events.ts'
import type { Reading } from './inspect.ts'
import { asksToStop, isFatal, signalNumber } from './signals.ts'

/** What is known of one container: the last reading, with what events said since laid over it. */
export type Track = {
  /** Undefined when it doesn't run, or was not read yet. */
  readonly reading: Reading | undefined
  /** Signals that it got in this run, each once. Kept apart from the reading: no inspect forgets them. */
  readonly signals: readonly number[]
}

/** When to ask the engine: `soon` leaves it the time to settle, for what can only come back. */
export type Look = 'none' | 'now' | 'soon'

export const untracked: Track = { reading: undefined, signals: [] }

/**
 * Lays `change` over `track`. What takes a container away acts at once; what brings or alters one needs a look at
 * the engine, because only that tells when it started and where it is. Pure.
 */
export function afterEvent(
  track: Track,
  change: ContainerEvent['change'],
): { readonly track: Track; readonly look: Look } {
  const known = track.reading !== undefined
  switch (change.kind) {
    case 'started':
      return { track: { ...track, signals: [] }, look: 'now' }
    case 'ended':
      // it may be restarting: the engine knows when its own clean-up is done
      return { track: untracked, look: 'soon' }
    case 'destroyed':
      return { track: untracked, look: 'none' }
    case 'killed':
      return killed(track, signalNumber(change.signal))
    case 'paused':
      return { track: patched(track, { state: 'paused' }), look: known ? 'none' : 'now' }
    case 'health':
      return { track: patched(track, { health: change.health }), look: 'none' }
    case 'unpaused':
      return { track, look: 'now' }
    case 'altered':
      return { track, look: known ? 'now' : 'none' }
  }
}

/** Takes in what an inspect said, unless events came since it was sent: that is for the caller to know. Pure. */
export function afterReading(
  { reading: before, signals }: Track,
  next: Reading | undefined,
): Track {
  if (next === undefined) return untracked
  const sameRun = before === undefined || before.container.startedAt === next.container.startedAt
  const track = drained({ reading: next, signals: sameRun ? signals : [] })
  // an equal reading keeps its identity, so that everybody sees that nothing changed
  return isDeepStrictEqual(track.reading, before) ? { ...track, reading: before } : track
}

/** Forgets the signals: their time is over and the container still runs. The next reading restores it. Pure. */
export function afterDeadline({ reading }: Track): Track {
  return { reading, signals: [] }
}

function killed(track: Track, signal: number): { readonly track: Track; readonly look: Look } {
  if (isFatal(signal)) return { track: untracked, look: 'soon' }
  const signals = [...new Set([...track.signals, signal])]
  return { track: drained({ ...track, signals }), look: 'none' }
}

/** Marks the container as draining when one of the signals asks it to stop. */
function drained(track: Track): Track {
  const { reading, signals } = track
  const draining = reading && signals.some((signal) => asksToStop(signal, reading.stopSignal))
  return draining ? patched(track, { draining }) : track
}

/** Gives `track` itself when it says so already: nobody shall see a change where there is none. */
function patched(track: Track, patch: Partial<Container>): Track {
  const { reading, signals } = track
  if (!reading) return track
  const container = { ...reading.container, ...patch }
  if (isDeepStrictEqual(container, reading.container)) return track
  return { reading: { ...reading, container }, signals }
}
