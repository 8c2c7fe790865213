import { setTimeout as pause } from 'node:timers/promises'

import { z } from 'zod'

import type { Stack } from './compose.ts'
import { docker } from './docker.ts'
import { eventually } from './portolan.ts'

/** What applications do, each time on a connection of its own, through Portolan. */
export type Application = {
  /** Writes a number; gives who has confirmed that it is at a replica as well. Rejects if it isn't. */
  write(number: number): Promise<string>
  /** Reads something at the entrypoint of the replicas. */
  read(): Promise<unknown>
  /** All numbers that are there. */
  written(): Promise<readonly number[]>
}

type Confirmed = { readonly number: number; readonly by: string; readonly atMs: number }

export type FailoverResult = {
  /** From the kill to the first write that another one has confirmed. */
  readonly writesAfterMs: number
  /** From the start of the old primary until it is a replica that readers come to. */
  readonly backAfterMs: number
  /** Confirmed writes that are not there afterwards. */
  readonly lost: readonly number[]
  /** Who has confirmed writes, in order, without repetitions. */
  readonly primaries: readonly string[]
  /** How many were routed as primary at once, at most. */
  readonly mostPrimaries: number
  readonly reads: { readonly done: number; readonly failed: number; readonly longestMs: number }
  /** Reads that were answered between the kill and that first write. */
  readonly readsMeanwhile: number
}

const limitMs = 120_000
/** Each call is a process: without a pause they would take the time from the databases. */
const betweenMs = 50

const instances = z.object({
  items: z.array(
    z.looseObject({
      container: z.string(),
      role: z.looseObject({ is: z.string() }).nullish(),
    }),
  ),
})

/** Kills the primary of so many members while `application` works, and starts it again once there is another. */
export async function failOver(
  stack: Stack,
  members: number,
  application: Application,
): Promise<FailoverResult> {
  const rolesNow = async () => {
    const answer = await fetch(`${stack.adminUrl}/v1/instances`)
    const { items } = instances.parse(await answer.json())
    return items.map(({ container, role }) => ({ container, is: role?.is }))
  }
  const count = async (wanted: string) =>
    (await rolesNow()).filter(({ is }) => is === wanted).length
  await eventually(
    async () => (await count('primary')) === 1 && (await count('replica')) === members - 1,
    limitMs,
  )
  const work = working(application, () => count('primary'))
  try {
    await eventually(async () => work.confirmed.length >= 20, limitMs)
    const primary = (await rolesNow()).find(({ is }) => is === 'primary')?.container ?? ''
    const killedMs = performance.now()
    const before = work.confirmed.at(-1)?.by
    const { done } = work.reads
    await docker('kill', primary)
    const isOther = ({ by, atMs }: Confirmed) => atMs > killedMs && by !== before
    await eventually(async () => work.confirmed.some(isOther), limitMs, work.about)
    const writesAfterMs = (work.confirmed.find(isOther)?.atMs ?? NaN) - killedMs
    const readsMeanwhile = work.reads.done - done

    await docker('start', primary)
    const isBack = async () =>
      (await rolesNow()).some(({ container, is }) => container === primary && is === 'replica')
    const backAfterMs = await eventually(isBack, limitMs, work.about)
    const { length } = work.confirmed
    await eventually(async () => work.confirmed.length >= length + 20, limitMs, work.about)
    const mostPrimaries = await work.stop()
    const { reads } = work

    const there = new Set(await application.written())
    const numbers = work.confirmed.map(({ number }) => number)
    const lost = numbers.filter((number) => !there.has(number))
    const primaries = work.confirmed
      .map(({ by }) => by)
      .filter((by, index, all) => by !== all[index - 1])
    return { writesAfterMs, backAfterMs, lost, primaries, mostPrimaries, reads, readsMeanwhile }
  } finally {
    await work.stop()
  }
}

/** Writes, reads, and looks at who is primary, all the time until it is stopped. */
function working(application: Application, primaries: () => Promise<number>) {
  const ending = new AbortController()
  const confirmed: Confirmed[] = []
  const reads = { done: 0, failed: 0, longestMs: 0 }
  let [mostPrimaries, number, last] = [0, 0, '']

  async function again(once: () => Promise<void>): Promise<void> {
    while (!ending.signal.aborted) {
      await once()
      await pause(betweenMs)
    }
  }
  async function write(): Promise<void> {
    const mine = number++
    try {
      const by = await application.write(mine)
      confirmed.push({ number: mine, by, atMs: performance.now() })
    } catch (error) {
      last = String(error)
    }
  }
  async function read(): Promise<void> {
    const startedMs = performance.now()
    await application.read().then(
      () => reads.done++,
      () => reads.failed++,
    )
    reads.longestMs = Math.max(reads.longestMs, performance.now() - startedMs)
  }
  async function look(): Promise<void> {
    mostPrimaries = Math.max(mostPrimaries, await primaries())
  }
  const all = Promise.all([again(write), again(read), again(look)])
  return {
    confirmed,
    reads,
    about: () => `${confirmed.length} writes confirmed; the last error: ${last}`,
    async stop() {
      ending.abort()
      await all
      return mostPrimaries
    },
  }
}

/** The line that a test prints of what it has measured. */
export function told(name: string, { writesAfterMs, backAfterMs, reads }: FailoverResult): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  return (
    `${name}: writes again ${seconds(writesAfterMs)} after the kill, the old primary is a replica ${seconds(backAfterMs)} ` +
    `after its start; ${reads.done} reads, ${reads.failed} failed, the longest ${seconds(reads.longestMs)}\n`
  )
}
