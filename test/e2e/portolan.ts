import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'

import { z } from 'zod'

import { freePort } from '../free-port.ts'

const viewSchema = z.object({ items: z.array(z.record(z.string(), z.unknown())) })

export type Running = AsyncDisposable & {
  readonly process: ChildProcess
  /** `http://127.0.0.1:<port>` of the proxy and of the admin server. */
  readonly proxyUrl: string
  readonly adminUrl: string
  readonly output: () => string
  /** Items of a view such as `instances`. */
  view(name: string): Promise<Record<string, unknown>[]>
  /** Stops it as Docker would; gives its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export type StartOptions = {
  readonly args?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Command and arguments to run it under, such as `nsenter …`. */
  readonly under?: readonly string[]
  readonly ports?: { readonly http: number; readonly admin: number }
  readonly host?: string
  /** Whether to wait until it is ready. */
  readonly ready?: boolean
}

/** As `npm start` and the image have them. */
const v8Flags = [
  '--max-semi-space-size=8',
  '--max-inlined-bytecode-size-cumulative=2000',
  '--no-memory-reducer',
]

/** Starts the product from source, as its own process, on free ports, and stops it when the test ends. */
export async function startPortolan(options: StartOptions = {}): Promise<Running> {
  const { args = [], under = [], host = '127.0.0.1', ready = true } = options
  const ports = options.ports ?? { http: await freePort(), admin: await freePort() }
  const node = `${process.cwd()}/node_modules/.bin/node`
  const script = [...v8Flags, `${process.cwd()}/src/cli.ts`, 'run']
  const [command, ...rest] = [...under, node, ...script]
  const flags = ['--http', `${host}:${ports.http}`, '--admin', `${host}:${ports.admin}`, ...args]
  const child = spawn(command ?? node, [...rest, ...flags], {
    env: { NODE_COMPILE_CACHE: 'node_modules/.cache/portolan', ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  const adminUrl = `http://${host}:${ports.admin}`
  const running: Running = {
    process: child,
    proxyUrl: `http://${host}:${ports.http}`,
    adminUrl,
    output: () => output,
    async view(name) {
      const answer = await fetch(`${adminUrl}/v1/${name}`)
      return viewSchema.parse(await answer.json()).items
    },
    async stop(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      child.kill(signal)
      const [code] = await once(child, 'exit')
      return code
    },
    async [Symbol.asyncDispose]() {
      await running.stop('SIGKILL')
    },
  }
  if (ready) {
    await eventually(
      async () => (await fetch(`${adminUrl}/readyz`)).status === 200,
      60_000,
      running.output,
    )
  }
  return running
}

/**
 * Waits until `check` is true; fails with what was seen last after `limitMs`: long, since the machine may be busy. What
 * takes longer is looked at less often, so that looking does not delay it.
 */
export async function eventually(
  check: () => Promise<boolean>,
  limitMs = 30_000,
  about: () => string = () => '',
): Promise<number> {
  const started = performance.now()
  let last: unknown = 'false'
  while (performance.now() - started < limitMs) {
    try {
      if (await check()) return performance.now() - started
    } catch (error) {
      last = error
    }
    const waitedMs = performance.now() - started
    await pause(Math.min(100, Math.max(20, waitedMs / 20)))
  }
  throw new Error(`not within ${limitMs} ms; last: ${String(last)}\n${about()}`)
}
