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
  const { url, host, request, seconds, connections, pin } = run
  const folder = await mkdtemp(join(tmpdir(), 'portolan-bench-'))
  try {
    const script = join(folder, 'request.lua')
    await writeFile(script, scriptOf(request))
    const fields = { Host: host, ...request.fields }
    const headers = Object.entries(fields).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
    const how = [
      '-t1',
      '--timeout',
      '10s',
      `-c${connections}`,
      `-d${seconds}s`,
      '-s',
      script,
      ...headers,
    ]
    const output = await outputOf([...pin, 'wrk', ...how, `${url}${request.path}`])
    if (/Non-2xx|Socket errors/.test(output)) throw new Error(`requests failed:\n${output}`)
    return Number(/(\d+) requests in/.exec(output)?.[1])
  } finally {
    await rm(folder, { recursive: true })
  }
}

function scriptOf({ bodyBytes }: WrkRequest): string {
  if (bodyBytes === undefined) return ''
  return `wrk.method = "POST"\nwrk.body = string.rep("x", ${bodyBytes})\n`
}
