import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

import { createLookups } from '../../src/confd/lookups.ts'
import { nothingLooked, renderResource } from '../../src/confd/render.ts'
import { createRenderer } from '../../src/confd/renderer.ts'
import { parseResources } from '../../src/confd/resource.ts'
import { type Catalog, emptyCatalog } from '../../src/core/catalog.ts'
import { type Instance, serviceId } from '../../src/core/instance.ts'
import { instanceAt } from '../registration/world.ts'

export type RenderFigures = {
  /** The first one starts the process, and finds out what it has to be given. */
  readonly firstMs: number
  readonly nextMs: readonly number[]
  /** The part of this process in a next one, which is the proxy's main thread. */
  readonly ownCpuMs: number
  readonly outputKiB: number
  /** The most that the rendering process had. */
  readonly peakMiB: number
}

const folder = fileURLToPath(new URL('../../templates/nginx/', import.meta.url))

/** Renders the library's template for nginx, of `count` instances, three for each service. */
export async function measureRender(count: number, rounds: number): Promise<RenderFigures> {
  const [parsed] = parseResources('nginx.toml', await readFile(`${folder}nginx.toml`, 'utf8'))
  if (!parsed || 'fault' in parsed) throw new Error('no resource')
  const { resource } = parsed
  const renderer = createRenderer(folder)
  const sources = {
    pairs: new Map<string, string>(),
    catalog: catalogOf(count),
    addressOf: ({ addresses: [first], port }: Instance) => ({
      ok: true as const,
      ip: first?.ip ?? '',
      port,
      why: 'bench',
    }),
    lookups: createLookups(),
  }
  let looked = nothingLooked
  const once = async () => {
    const began = performance.now()
    const rendered = await renderResource(resource, renderer, sources, looked)
    const ms = performance.now() - began
    if (rendered.kind !== 'content') throw new Error(JSON.stringify(rendered))
    ;({ looked } = rendered)
    return { ms, kiB: rendered.content.length / 1024 }
  }
  try {
    const first = await once()
    const nextMs: number[] = []
    const before = process.cpuUsage()
    for (let round = 0; round < rounds; round++) nextMs.push((await once()).ms)
    const { user, system } = process.cpuUsage(before)
    const ownCpuMs = (user + system) / 1000 / rounds
    return { firstMs: first.ms, nextMs, ownCpuMs, outputKiB: first.kiB, peakMiB: await peakMiB() }
  } finally {
    renderer.close()
  }
}

function catalogOf(count: number): Catalog {
  const instances = Array.from({ length: count }, (_, at) => {
    const one = instanceAt(at)
    return { ...one, attributes: { nginx_host: `${one.service}.example.com` } }
  })
  return { ...emptyCatalog, services: Map.groupBy(instances, serviceId) }
}

/** Of the processes that we have started, that which renders. */
async function peakMiB(): Promise<number> {
  const pids = renderingBelow(process.pid)
  const status = await readFile(`/proc/${pids[0]}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024
}

/** Processes that render templates for the process `parent`. */
export function renderingBelow(parent: number): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n')
  return lines.flatMap((line) => {
    const [pid, ppid, ...args] = line.trim().split(/\s+/)
    const isOne = Number(ppid) === parent && args.some((arg) => arg.endsWith('/confd/process.ts'))
    return isOne ? [Number(pid)] : []
  })
}
