import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { outputOf } from '../children.ts'

export type WrkRequest = {
  readonly path: string
  readonly fields?: Readonly<Record<string, string>>
  /** A POST of so many bytes; a GET without. */
  readonly bodyBytes?: number
}

export type WrkRun = {
  readonly url: string
  readonly host: string
  readonly request: WrkRequest
  readonly seconds: number
  readonly connections: number
  /** What goes before the command. */
  readonly pin: readonly string[]
}

/** Loads `url` with wrk, one thread; how many requests were answered 2xx. Rejects when any failed. */
export async function loadByWrk(run: WrkRun): Promise<number> {
  return countOf(await outputOfWrk(run, scriptOf(run.request)))
}

/** Times in µs, each from when its request was written; `requests` were answered. */
export type Paced = { readonly p50: number; readonly p99: number; readonly requests: number }

/**
 * The same at about `rate` requests a second: each connection waits a random time before each of its requests. Next to
 * nothing is held back by an answer that is late, if there are many connections.
 */
export async function pacedByWrk(run: WrkRun, rate: number): Promise<Paced> {
  const meanMs = (run.connections * 1000) / rate
  const script = `function delay() return math.random(0, ${Math.round(2 * meanMs)}) end\n`
  const output = await outputOfWrk(run, scriptOf(run.request) + script, '--latency')
  return { p50: microsOf(output, 50), p99: microsOf(output, 99), requests: countOf(output) }
}

async function outputOfWrk(run: WrkRun, script: string, ...more: readonly string[]) {
  const { url, host, request, seconds, connections, pin } = run
  const folder = await mkdtemp(join(tmpdir(), 'portolan-bench-'))
  try {
    const file = join(folder, 'request.lua')
    await writeFile(file, script)
    const fields = { Host: host, ...request.fields }
    const headers = Object.entries(fields).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
    const how = ['-t1', '--timeout', '10s', `-c${connections}`, `-d${seconds}s`, '-s', file]
    const words = [...how, ...more, ...headers, `${url}${request.path}`]
    const output = await outputOf([...pin, 'wrk', ...words])
    if (/Non-2xx|Socket errors/.test(output)) throw new Error(`requests failed:\n${output}`)
    return output
  } finally {
    await rm(folder, { recursive: true })
  }
}

function countOf(output: string): number {
  return Number(/(\d+) requests in/.exec(output)?.[1])
}

const micros: Record<string, number> = { us: 1, ms: 1000, s: 1_000_000 }

/** Of a line like `99%    1.27ms`. */
function microsOf(output: string, percent: number): number {
  const [, number, unit = ''] =
    new RegExp(`^ *${percent}% +([\\d.]+)(us|ms|s)`, 'm').exec(output) ?? []
  return Number(number) * (micros[unit] ?? NaN)
}

function scriptOf({ bodyBytes }: WrkRequest): string {
  if (bodyBytes === undefined) return ''
  return `wrk.method = "POST"\nwrk.body = string.rep("x", ${bodyBytes})\n`
}
