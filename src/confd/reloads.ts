import { sleep } from '../core/retry.ts'
import type { Ran } from './command.ts'

/** A reload that several resources may share. */
export type Group = {
  readonly name: string
  readonly members: number
  /** Time that has to pass between two of them. */
  readonly minMs: number
}

type State = { busy: number; lastMs: number; next: Promise<Ran> | undefined; idle: () => void }

/** Members that the same change wakes begin within this time. */
const graceMs = 20

/** Reloads of all groups, by name. */
export class Reloads {
  private readonly states = new Map<string, State>()

  /** A member begins to render; call what it gives when it is done. */
  enter(group: Group): () => void {
    const state = this.stateOf(group)
    state.busy++
    return () => release(state)
  }

  /** How long a reload has to wait yet. */
  waitMs(group: Group): number {
    return Math.max(0, this.stateOf(group).lastMs + group.minMs - performance.now())
  }

  /**
   * Runs `run`, once for all members that ask for it, when none of them renders any more. A member asks between
   * `enter` and its end.
   */
  async reload(group: Group, run: () => Promise<Ran>): Promise<Ran> {
    const state = this.stateOf(group)
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
  }

  private stateOf({ name }: Group): State {
    return this.states.getOrInsertComputed(name, () => ({
      busy: 0,
      lastMs: Number.NEGATIVE_INFINITY,
      next: undefined,
      idle: () => {},
    }))
  }
}

function release(state: State): void {
  if (--state.busy === 0) state.idle()
}

async function whenIdle(group: Group, state: State): Promise<void> {
  const never = new AbortController().signal
  if (group.members > 1) await sleep(graceMs, never)
  while (state.busy > 0) {
    await new Promise<void>((resolve) => {
      state.idle = resolve
    })
  }
}
