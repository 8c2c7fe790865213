import { sleep } from '../core/retry.ts'
import type { Ran } from './command.ts'

/** A reload that several resources may share. */
export type Group = {
  readonly name: string
  readonly members: number
  /** Time that has to pass between two of them. */
  readonly minMs: number
}

export type Reloads = {
  /** A member begins to render; call what it gives when it is done. */
  enter(group: Group): () => void
  /** How long a reload has to wait yet. */
  waitMs(group: Group): number
  /**
   * Runs `run`, once for all members that ask for it, when none of them renders any more. A member asks between
   * `enter` and its end.
   */
  reload(group: Group, run: () => Promise<Ran>): Promise<Ran>
}

type State = { busy: number; lastMs: number; next: Promise<Ran> | undefined; idle: () => void }

/** Members that the same change wakes begin within this time. */
const graceMs = 20

export function createReloads(): Reloads {
  const states = new Map<string, State>()
  const stateOf = ({ name }: Group): State => {
    const state = states.get(name) ?? {
      busy: 0,
      lastMs: Number.NEGATIVE_INFINITY,
      next: undefined,
      idle: () => {},
    }
    states.set(name, state)
    return state
  }
  const release = (state: State) => {
    if (--state.busy === 0) state.idle()
  }
  const whenIdle = async (group: Group, state: State) => {
    const never = new AbortController().signal
    if (group.members > 1) await sleep(graceMs, never)
    while (state.busy > 0) {
      await new Promise<void>((resolve) => {
        state.idle = resolve
      })
    }
  }

  return {
    enter(group) {
      const state = stateOf(group)
      state.busy++
      return () => release(state)
    },
    waitMs(group) {
      return Math.max(0, stateOf(group).lastMs + group.minMs - performance.now())
    },
    async reload(group, run) {
      const state = stateOf(group)
      const first = async () => {
        await whenIdle(group, state)
        // who asks from now on has to wait for the next one
        state.next = undefined
        state.lastMs = performance.now()
        return run()
      }
      release(state)
      try {
        state.next ??= first()
        return await state.next
      } finally {
        state.busy++
      }
    },
  }
}
