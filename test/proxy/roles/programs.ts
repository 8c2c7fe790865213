import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder that is removed in the end. */
export async function folder() {
  const path = await mkdtemp(join(tmpdir(), 'portolan-roles-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** A program that runs until it is disposed of. */
export function program(command: string, args: readonly string[], cwd: string) {
  const child = spawn(command, args, { cwd, stdio: 'ignore' })
  const ended = once(child, 'exit')
  return {
    child,
    async kill(signal: NodeJS.Signals = 'SIGKILL') {
      child.kill(signal)
      await ended
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await ended
    },
  }
}
