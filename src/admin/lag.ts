import { monitorEventLoopDelay } from 'node:perf_hooks'

export type LagMeter = Disposable & {
  /** The longest time that the event loop was late within the last one to two windows. */
  recentMs(): number
}

/** Often enough to see seconds, seldom enough to cost nothing on an idle machine. */
const resolution = 100

/** Measures how late the event loop is; never keeps the process alive. */
export function lagMeter(windowMs = 15_000): LagMeter {
  const histogram = monitorEventLoopDelay({ resolution })
  histogram.enable()
  const now = () => Math.max(0, Math.round(histogram.max / 1e6) - resolution)
  let before = 0
  const timer = setInterval(() => {
    before = now()
    histogram.reset()
  }, windowMs).unref()
  return {
    recentMs: () => Math.max(before, now()),
    [Symbol.dispose]() {
      clearInterval(timer)
      histogram.disable()
    },
  }
}
