import { setTimeout as pause } from 'node:timers/promises'

import { ask } from '../../test/e2e/load.ts'

/** Of one backend: when its first answer had come, and when the last request that it answered was sent. */
type Answers = { readonly first: number; readonly last: number }

export type Load = AsyncDisposable & {
  /** Of the backend whose body is `name`, so far; times in milliseconds since 1970, with fractions. */
  answersOf(name: string): Answers | undefined
  counted(): { readonly requests: number; readonly failures: readonly string[] }
}

const clients = 4
/** Leaves most of a small machine to those that are measured. */
const pauseMs = 1

/** Requests by four clients, each with its next one a millisecond after the last answer; begins when one succeeds. */
export async function startLoad(url: string, host: string): Promise<Load> {
  const answers = new Map<string, Answers>()
  const failures: string[] = []
  let requests = 0
  const stop = new AbortController()
  while ((await ask(url, host)).status !== 200) await pause(20)
  const running = Promise.all(Array.from({ length: clients }, client))

  async function client(): Promise<void> {
    while (!stop.signal.aborted) {
      requests++
      await one().catch((error: unknown) => failures.push(String(error)))
      await pause(pauseMs)
    }
  }

  async function one(): Promise<void> {
    const sent = nowMs()
    const { status, body } = await ask(url, host)
    if (status !== 200) throw new Error(`status ${status}`)
    const before = answers.get(body.trim())
    const last = Math.max(sent, before?.last ?? 0)
    answers.set(body.trim(), { first: before?.first ?? nowMs(), last })
  }

  return {
    answersOf: (name) => answers.get(name),
    counted: () => ({ requests, failures }),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

/** The wall clock, which Docker's events have too. */
const nowMs = () => performance.timeOrigin + performance.now()
