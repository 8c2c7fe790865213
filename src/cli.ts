#!/usr/bin/env node
import { commandOf } from './cli/command.ts'
import { perform } from './cli/perform.ts'
import { messageOf, PortolanError } from './core/errors.ts'

const { env, argv, stdout } = process
const colours = stdout.isTTY && (env['NO_COLOR'] ?? '') === ''

// whoever reads us may stop early, as `head` does
stdout.on('error', () => process.exit(1))

/** Exit code 2 says that the command line or a setting is wrong: trying again won't help. */
function refused(error: unknown): number {
  const lines = messageOf(error).split('\n')
  for (const line of lines) console.error(`portolan: ${line}`)
  return error instanceof PortolanError && error.code === 'bad-config' ? 2 : 1
}

async function exitCode(): Promise<number> {
  try {
    const write = (text: string) => void stdout.write(text)
    return await perform(commandOf(argv.slice(2), env), { write, colours })
  } catch (error) {
    return refused(error)
  }
}

const code = await exitCode()
// what is still open then, such as a timer, must not keep a stopped process; an empty write comes last
stdout.write('', () => process.exit(code))
