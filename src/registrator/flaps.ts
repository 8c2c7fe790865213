import type { Container } from '../docker/docker.ts'

/** What is remembered of one container from run to run. Milliseconds, by a monotonic clock. */
export type Life = {
  readonly name: string
  /** The run that is on, or undefined between two. */
  readonly run: { readonly startedAt: string; readonly draining: boolean } | undefined
  /** Between two runs: Docker says that it will start it again. */
  readonly restarting: boolean
  /** When that run, or the pause after the one before, began. */
  readonly sinceMs: number
  /** When it died soon after a start, newest last. */
  readonly deaths: readonly number[]
  /** How long each of its runs has to last before it counts as ready; 0 for a container that is well. */
  readonly holdMs: number
}

/** A death this soon after the start is a crash at the start. */
const soonMs = 10_000
/** So many of them within so much time are a crash loop. */
const loop = { deaths: 3, withinMs: 60_000 }
const hold = { firstMs: 1000, maxMs: 30_000 }
/** Longer than the longest pause that Docker makes between two restarts (one minute). */
const forgetMs = 120_000
/** Docker needs a moment after a death before it says that it will restart the container. */
const betweenMs = 1000

/** A container that is seen for the first time; `old`: it ran before we came, nobody knows how long. */
export function firstSeen(container: Container, nowMs: number, old: boolean): Life {
  const { name } = container
  const unborn = { name, run: undefined, restarting: false, sinceMs: nowMs, deaths: [], holdMs: 0 }
  const next = seen(unborn, container, nowMs)
  return old && next.run ? { ...next, sinceMs: -Infinity } : next
}

/** What `life` becomes when its container is as it is now; undefined: there is none. Pure. */
export function seen(life: Life, container: Container | undefined, nowMs: number): Life {
  const runs = container !== undefined && container.state !== 'restarting'
  const ended = life.run !== undefined && !(runs && container.startedAt === life.run.startedAt)
  const settled = ended ? afterEnd(life, nowMs) : life
  if (!runs) return { ...settled, restarting: container !== undefined }
  const { name, startedAt, draining } = container
  const sinceMs = settled.run ? settled.sinceMs : nowMs
  return { ...settled, name, run: { startedAt, draining }, restarting: false, sinceMs }
}

/** Whether a run that is on has not lasted long enough yet to be trusted. */
export function isHeld({ run, sinceMs, holdMs }: Life, nowMs: number): boolean {
  return run !== undefined && nowMs < sinceMs + holdMs
}

/** Whether it is in a crash loop: worth telling. */
export function isLooping({ run, restarting, sinceMs, holdMs }: Life, nowMs: number): boolean {
  const lastsMs = run ? Math.max(holdMs, soonMs) : betweenMs
  return holdMs > 0 && (restarting || nowMs < sinceMs + lastsMs)
}

/** Whether it is gone for so long that it won't come back by itself. */
export function isForgotten({ run, sinceMs }: Life, nowMs: number): boolean {
  return run === undefined && nowMs >= sinceMs + forgetMs
}

/** When, without any change of the container, the next answer changes; Infinity: never. */
export function nextChangeMs({ run, sinceMs, holdMs }: Life, nowMs: number): number {
  const times = run
    ? [holdMs, holdMs > 0 ? Math.max(holdMs, soonMs) : Infinity]
    : [betweenMs, forgetMs]
  return Math.min(...times.map((ms) => sinceMs + ms).filter((at) => at > nowMs), Infinity)
}

/** A stop that was asked for is no crash, and a run that was trusted and then some ends the loop. */
function afterEnd({ name, run, sinceMs, deaths, holdMs }: Life, nowMs: number): Life {
  const ended = { name, run: undefined, restarting: false, sinceMs: nowMs, deaths, holdMs }
  if (run?.draining) return ended
  if (nowMs >= sinceMs + Math.max(soonMs, holdMs)) return { ...ended, deaths: [], holdMs: 0 }
  const recent = [...deaths, nowMs].filter((at) => at > nowMs - loop.withinMs)
  const looping = holdMs > 0 || recent.length >= loop.deaths
  return {
    ...ended,
    deaths: recent.slice(-loop.deaths),
    holdMs: looping ? Math.min(hold.maxMs, Math.max(hold.firstMs, 2 * holdMs)) : 0,
  }
}
