import { setTimeout as pause } from 'node:timers/promises'

import { eventually, startPortolan } from '../../test/e2e/portolan.ts'
import { cpuSeconds, rssMiB } from '../process.ts'

export type ProcessFigures = {
  /** From exec to the first 200 of /readyz, once for each start. */
  readonly startMs: readonly number[]
  readonly rssMiB: number
  /** CPU of one core, in percent, while nothing happens. */
  readonly idleCpuPercent: number
}

/** Starts Portolan `rounds` times; the last one is left alone for `idleSeconds`. */
export async function measureProcess(
  args: readonly string[],
  { rounds, idleSeconds }: { readonly rounds: number; readonly idleSeconds: number },
): Promise<ProcessFigures> {
  const startMs: number[] = []
  for (let round = 1; round < rounds; round++) {
    await using started = await timedStart(args)
    startMs.push(started.ms)
  }
  await using last = await timedStart(args)
  await pause(5000)
  const before = await cpuSeconds(last.pid)
  await pause(idleSeconds * 1000)
  const used = (await cpuSeconds(last.pid)) - before
  return {
    startMs: [...startMs, last.ms],
    rssMiB: await rssMiB(last.pid),
    idleCpuPercent: (used / idleSeconds) * 100,
  }
}

async function timedStart(args: readonly string[]) {
  const began = performance.now()
  const portolan = await startPortolan({ args, ready: false })
  await eventually(async () => (await fetch(`${portolan.adminUrl}/readyz`)).status === 200, 20_000)
  return {
    ms: performance.now() - began,
    pid: portolan.process.pid ?? 0,
    async [Symbol.asyncDispose]() {
      // with TERM it would give up its lease slowly; as a restart by Docker, the next one takes over
      await portolan.stop('SIGKILL')
    },
  }
}
