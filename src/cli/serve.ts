import { coloured } from '../confd/diff.ts'
import type { Config } from '../config/config.ts'
import { messageOf, PortolanError } from '../core/errors.ts'
import { createLog, type Log } from '../core/log.ts'
import type { Command } from './command.ts'
import type { Out } from './out.ts'

/** Runs all roles until a signal stops them. */
export async function run(config: Config): Promise<void> {
  const log = createLog({ level: config.logLevel, format: config.logFormat })
  const { main } = await import('../main.ts')
  await main(config, log, untilStopped(log))
}

/**
 * Only the files of confd: once, with a line or a diff for each of them, or until a signal comes. Gives the exit
 * code: 1 when one of them failed.
 */
export async function render(
  command: Extract<Command, { kind: 'render' }>,
  out: Out,
): Promise<number> {
  const { config, once, noop, watch } = command
  if (watch !== undefined) {
    await show(config, watch, out)
    return 0
  }
  if (!once) {
    await run({ ...config, roles: ['confd'] })
    return 0
  }
  const log = createLog({ level: config.logLevel, format: config.logFormat })
  const signal = AbortSignal.any([untilStopped(log), AbortSignal.timeout(onceLimitMs)])
  const parts = await import('../main.ts')
  const results = await parts.render(config, { noop, log }, signal)
  for (const one of results) out.write(renderText(one, out.colours))
  return results.some(({ state }) => state === 'failed') ? 1 : 0
}

/** What `file` gives, live: on a terminal each time on an empty screen, else below the last one. */
async function show(config: Config, file: string, out: Out): Promise<void> {
  const log = createLog({ level: config.logLevel, format: config.logFormat })
  const { showTemplate } = await import('../main.ts')
  const clear = out.colours ? '\x1b[2J\x1b[3J\x1b[H' : ''
  const write = (text: string) => out.write(`${clear}${text}`)
  await showTemplate(config, { file, log, show: write }, untilStopped(log))
}

/** Docker and the store have this long to be read; what still waits then has failed. */
const onceLimitMs = 60_000

type Rendered = {
  readonly resource: string
  readonly dest: string
  readonly state: string
  readonly error: string | null
  readonly diff: string
}

function renderText({ resource, dest, state, error, diff }: Rendered, colours: boolean): string {
  const line = `${state.padEnd(11)} ${dest || resource}${error === null ? '' : `: ${error}`}\n`
  if (state !== 'would-write' || diff === '') return line
  return `${line}${(colours ? coloured(diff) : diff).trimEnd()}\n`
}

/**
 * Aborts at the first SIGTERM or SIGINT; the second one ends the process at once. What nobody caught is logged,
 * and ends it too: after that nothing can be relied on.
 */
function untilStopped(log: Log): AbortSignal {
  const stop = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(1)
      log.info({ signal: name }, 'stopping: running requests may finish; a second signal ends them')
      stop.abort()
    })
  }
  for (const name of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(name, (error: unknown) => {
      // an error on purpose, such as a port that is taken, says all in its message
      const expected = error instanceof PortolanError
      log.error(expected ? { code: error.code } : { err: error }, `unexpected: ${messageOf(error)}`)
      process.exit(1)
    })
  }
  return stop.signal
}
