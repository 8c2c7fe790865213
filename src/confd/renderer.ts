import { Hand, unanswered } from './hand.ts'
import type { Answer, Job } from './job.ts'

export type Renderer = {
  /** Settles always, at the latest some seconds after the job's limit. */
  render(job: Job): Promise<Answer>
  /** Ends all processes, and with them what they do. */
  close(): void
}

export type RendererOptions = {
  /** Processes at a time. */
  readonly most?: number
  /** How long a job waits before it gets another process. */
  readonly patienceMs?: number
  /** How long processes stay without work. */
  readonly idleMs?: number
  /** Memory of each, in MiB. */
  readonly megabytes?: number
}

type Waiting = { readonly job: Job; readonly resolve: (answer: Answer) => void }

/**
 * Renders the templates of `folder` in processes of their own, so that one that never ends or takes all memory harms
 * only itself. Usually it is one process; as long as that is held up others help.
 */
export function createRenderer(folder: string, options: RendererOptions = {}): Renderer {
  const { most = 4, patienceMs = 250, idleMs = 60_000, megabytes = 256 } = options
  const hands = new Set<Hand>()
  const free: Hand[] = []
  const queue: Waiting[] = []
  let closed = false
  let helping: NodeJS.Timeout | undefined
  let retiring: NodeJS.Timeout | undefined

  const hire = () => {
    const onEnd = (gone: Hand) => {
      hands.delete(gone)
      const at = free.indexOf(gone)
      if (at >= 0) free.splice(at, 1)
    }
    const hand = new Hand({ folder, megabytes, onEnd })
    hands.add(hand)
    free.push(hand)
  }
  const give = async (hand: Hand, { job, resolve }: Waiting) => {
    resolve(await hand.work(job))
    if (hand.usable) free.push(hand)
    else hands.delete(hand)
    next()
  }
  const help = () => {
    helping = undefined
    if (queue.length > 0 && free.length === 0 && hands.size < most) hire()
    next()
  }
  const next = () => {
    if (closed) {
      for (const { job, resolve } of queue.splice(0)) resolve(unanswered(job, 'we stop'))
      return
    }
    if (queue.length > 0 && hands.size === 0) hire()
    while (queue.length > 0) {
      const hand = free.pop()
      const waiting = hand && queue.shift()
      if (!hand || !waiting) break
      void give(hand, waiting)
    }
    if (queue.length > 0 && hands.size < most) helping ??= setTimeout(help, patienceMs)
    clearTimeout(retiring)
    if (queue.length === 0 && free.length === hands.size) {
      retiring = setTimeout(() => free.splice(0).forEach((hand) => hand.end()), idleMs).unref()
    }
  }

  return {
    render(job) {
      return new Promise((resolve) => {
        queue.push({ job, resolve })
        next()
      })
    },
    close() {
      closed = true
      next()
      clearTimeout(helping)
      clearTimeout(retiring)
      for (const hand of hands) hand.end()
    },
  }
}
