import { setTimeout as pause } from 'node:timers/promises'

import type { Running } from '../../test/e2e/portolan.ts'
import { cpuSeconds } from '../process.ts'
import { arrival } from './arrival.ts'
import { renderingBelow } from './render.ts'

/** What changes of one key do among many resources that all name its folder, each of which reads another key. */
export type Affected = {
  readonly resources: number
  readonly changes: number
  readonly renders: number
  /** Of the whole process, and of that which renders, for each change. */
  readonly mainCpuMs: number
  readonly renderCpuMs: number
}

type Options = { readonly resources: number; readonly fileOf: (at: number) => string }

/** Changes the key of each resource once. */
export async function measureAffected(
  portolan: Running,
  change: (at: number) => Promise<unknown>,
  { resources, fileOf }: Options,
): Promise<Affected> {
  const pid = portolan.process.pid ?? 0
  const now = async () => ({
    renders: await renders(portolan),
    main: await cpuSeconds(pid),
    rendering: (await Promise.all(renderingBelow(pid).map(cpuSeconds))).reduce((a, b) => a + b, 0),
  })
  await pause(1000)
  const before = await now()
  for (let at = 0; at < resources; at++) {
    await Promise.all([change(at), arrival(fileOf(at), String(at))])
  }
  await pause(500)
  const after = await now()
  const perChange = (seconds: number) => (seconds * 1000) / resources
  return {
    resources,
    changes: resources,
    renders: after.renders - before.renders,
    mainCpuMs: perChange(after.main - before.main),
    renderCpuMs: perChange(after.rendering - before.rendering),
  }
}

async function renders({ adminUrl }: Running): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text()
  const lines = text.matchAll(/^portolan_confd_renders_total\{[^}]*\} (\d+)$/gm)
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0)
}
