import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export type Child = AsyncDisposable & { readonly pid: number }

const run = promisify(execFile)

/** Whether `command` is on this machine. */
export async function has(command: string): Promise<boolean> {
  return run('which', [command]).then(
    () => true,
    () => false,
  )
}

/** What to put before a command so that it runs on this core; nothing where it can't be pinned. */
export type Pin = (core: number) => readonly string[]

export async function pinning(): Promise<Pin> {
  const can = availableParallelism() > 1 && (await has('taskset'))
  return (core) => (can ? ['taskset', '-c', String(core)] : [])
}

/** Starts a program that goes on until it is disposed of. */
export function startChild(command: readonly string[]): Child & { readonly child: ChildProcess } {
  const [file = '', ...args] = command
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  return {
    child,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.kill()
      await ended
    },
  }
}

/** The same for one that prints the port on which it listens. */
export async function startServer(
  command: readonly string[],
): Promise<Child & { readonly port: number }> {
  const { child, ...rest } = startChild(command)
  if (!child.stdout) throw new Error('no output')
  const [line] = await once(createInterface(child.stdout), 'line')
  return { ...rest, port: Number(line) }
}

/** Runs a program to its end; gives what it printed. */
export async function outputOf([file = '', ...args]: readonly string[]): Promise<string> {
  return (await run(file, args)).stdout
}

/** How to run one of our own scripts. */
export function node(script: URL): string[] {
  return [process.execPath, fileURLToPath(script)]
}
