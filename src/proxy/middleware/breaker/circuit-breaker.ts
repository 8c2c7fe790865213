import { refusal } from '../draft.ts'
import type { End, Site, Stage } from '../stage.ts'
import { conditionOf } from './expression.ts'
import { rollingWindow } from './window.ts'

type Options = {
  readonly expression: string
  readonly checkMs: number
  readonly fallbackMs: number
  readonly recoveryMs: number
  readonly status: number
}

/**
 * Refuses all requests for a while once the condition holds, then lets in a share that grows to all of them. If the
 * condition holds in that time, it begins anew. Each thread judges by what it sees itself.
 */
export function circuitBreaker(options: Options, { nowMs }: Site): Stage {
  const isMet = conditionOf(options.expression)
  const window = rollingWindow(nowMs)
  let state: 'closed' | 'open' | 'recovering' = 'closed'
  let untilMs = 0
  let checkedMs = -Infinity
  const quota = { asked: 0, allowed: 0 }

  function open(now: number): void {
    state = 'open'
    untilMs = now + options.fallbackMs
    window.clear()
  }

  function recover(now: number): void {
    state = 'recovering'
    untilMs = now + options.recoveryMs
    quota.asked = quota.allowed = 0
    window.clear()
  }

  /** The share of those let in grows from nothing to all within the time of recovery. */
  function isAllowed(now: number): boolean {
    const share = 1 - (untilMs - now) / options.recoveryMs
    quota.asked++
    if (quota.allowed >= Math.max(1, share * quota.asked)) return false
    quota.allowed++
    return true
  }

  function mayPass(now: number): boolean {
    if (state === 'open' && now >= untilMs) recover(now)
    if (state === 'recovering' && now >= untilMs) state = 'closed'
    if (state === 'closed') return true
    return state === 'recovering' && isAllowed(now)
  }

  function done({ status, failed, tookMs }: End): void {
    // who let go of it himself says nothing of the service; what began before it opened neither
    if (status === undefined || state === 'open') return
    window.add(status, failed, tookMs)
    const now = nowMs()
    if (now - checkedMs < options.checkMs) return
    checkedMs = now
    if (isMet(window.measures)) open(now)
  }

  const step = { hooks: { done } }
  return () => {
    const now = nowMs()
    if (mayPass(now)) return step
    const seconds = Math.max(1, Math.ceil((untilMs - now) / 1000))
    const why = 'The service has too many failures at the moment.'
    return { answer: refusal(options.status, why, ['Retry-After', String(seconds)]) }
  }
}
