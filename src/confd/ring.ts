import { messageOf, PortolanError } from '../core/errors.ts'
import type { Claims } from './claims.ts'
import { type CommandLine, type Ran, runCommand } from './command.ts'
import type { Memory } from './memory.ts'
import type { Reloads } from './reloads.ts'
import type { Check, Reload } from './resource.ts'

/** Signals or restarts containers; gives what was done, in words. Rejects with `command`. */
export type Notify = (
  target: { readonly container: string; readonly action: string },
  signal: AbortSignal,
) => Promise<string>

/** How files get to those who read them. */
export type Tools = {
  readonly reloads: Reloads
  readonly claims: Claims
  /** Undefined: not allowed. */
  readonly notify: Notify | undefined
}

/** Runs a check on the file that is staged for `dest`. Rejects with `command` unless it is good. */
export async function runCheck(
  check: Check,
  paths: { readonly src: string; readonly dest: string },
  memory: Memory,
  signal: AbortSignal,
): Promise<void> {
  const { command, timeoutMs } = check
  const options = { name: 'check_cmd', command: filled(command, paths), timeoutMs }
  await recorded(memory, runCommand(options, signal))
}

/** Tells the program of its new file `dest`. */
export async function ring(
  how: Reload,
  dest: string,
  { notify }: Pick<Tools, 'notify'>,
  signal: AbortSignal,
): Promise<Ran> {
  const { timeoutMs } = how
  if (how.kind === 'command') {
    const command = filled(how.command, { src: dest, dest })
    return runCommand({ name: 'reload_cmd', command, timeoutMs }, signal)
  }
  const { container, action } = how
  if (!notify) {
    const what = `${action} of container ${container} is not allowed; start Portolan with --allow-writes`
    return { output: '', fault: new PortolanError('command', what) }
  }
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    return { output: await notify({ container, action }, limit), fault: undefined }
  } catch (cause) {
    const what = `${action} of container ${container}: ${messageOf(cause)}`
    return { output: '', fault: new PortolanError('command', what, { cause }) }
  }
}

/** Keeps what a command said; rejects if it failed. */
export async function recorded(memory: Memory, running: Promise<Ran>): Promise<void> {
  const { output, fault } = await running
  memory.output = output
  if (fault) throw fault
}

/** `{{src}}` and `{{.src}}`, as confd has it, as plain text: quotes are the writer's. */
function filled(command: CommandLine, paths: Readonly<Record<string, string>>): CommandLine {
  const fill = (text: string) =>
    text.replaceAll(
      /\{\{-?\s*\.?(src|dest)\s*-?\}\}/g,
      (whole, name: string) => paths[name] ?? whole,
    )
  return typeof command === 'string' ? fill(command) : command.map(fill)
}
