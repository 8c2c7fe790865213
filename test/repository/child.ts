import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** A program of the repository, run by this Node, and gone when its block ends. */
export type Child = AsyncDisposable & {
  readonly process: ChildProcess
  /** Resolves with what it has printed so far as soon as that matches. */
  printed(pattern: RegExp): Promise<string>
  /** The code that it ends with; null if a signal ended it. */
  readonly exitCode: Promise<number | null>
}

/** Starts `node <args>` with these variables added. */
export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Child {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env } })
  const exitCode = new Promise<number | null>((resolve) => child.once('close', resolve))
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => (text += more))
  }
  async function printed(pattern: RegExp): Promise<string> {
    while (!pattern.test(text)) await once(child.stdout, 'data')
    return text
  }
  async function stop() {
    child.kill('SIGKILL')
    await exitCode
  }
  return { process: child, printed, exitCode, [Symbol.asyncDispose]: stop }
}
