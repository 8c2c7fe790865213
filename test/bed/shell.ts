import { execFile, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** What keeps the tests from running; the message says what is missing and what to do about it. */
export class SetupError extends Error {}

/** Says what is being set up, so that a slow first run is understood. */
export function say(text: string): void {
  console.error(`npm test: ${text}`)
}

/** Runs a command that speaks for itself, and gives its exit code: 1 if it can't be started or is killed. */
export async function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'inherit', 'inherit'] })
  const { promise, resolve } = Promise.withResolvers<number>()
  child.once('error', () => resolve(1)).once('close', (code) => resolve(code ?? 1))
  return promise
}

/** What a command prints, trimmed; undefined if it fails or takes longer than `limitMs`. */
export async function output(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  limitMs = 20_000,
): Promise<string | undefined> {
  try {
    const { stdout } = await execute(command, args, { env, timeout: limitMs })
    return stdout.trim()
  } catch {
    return undefined
  }
}

/** Whether we may and can install packages: root, on Debian itself (not on one of its children). */
export async function isRootOnDebian(): Promise<boolean> {
  const about = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return process.getuid?.() === 0 && /^ID=debian$/m.test(about)
}
