import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

import { eventually, startPortolan } from '../../test/e2e/portolan.ts'

export type ProcessFigures = {
  /** From exec to the first 200 of /readyz. */
  readonly startMs: number
  readonly rssMiB: number
  /** CPU of one core, in percent, while nothing happens. */
  readonly idleCpuPercent: number
}

/** Linux counts CPU time in these. */
const ticksPerSecond = 100

export async function measureProcess(
  args: readonly string[],
  idleSeconds: number,
): Promise<ProcessFigures> {
  const began = performance.now()
  await using portolan = await startPortolan({ args, ready: false })
  await eventually(async () => (await fetch(`${portolan.adminUrl}/readyz`)).status === 200, 20_000)
  const startMs = performance.now() - began
  const pid = portolan.process.pid ?? 0
  await pause(5000)
  const before = await cpuTicks(pid)
  await pause(idleSeconds * 1000)
  const used = ((await cpuTicks(pid)) - before) / ticksPerSecond
  return { startMs, rssMiB: await rssMiB(pid), idleCpuPercent: (used / idleSeconds) * 100 }
}

async function cpuTicks(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

async function rssMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}
