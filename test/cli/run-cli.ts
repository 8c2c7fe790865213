import { spawn } from 'node:child_process'
import { once } from 'node:events'

export type Ran = { readonly code: number | null; readonly out: string; readonly err: string }

export type RunOptions = {
  readonly env?: NodeJS.ProcessEnv
  /** Run it in a terminal of its own. */
  readonly terminal?: boolean
  /** Where it runs; else where the test does. */
  readonly cwd?: string
}

const command = [`${process.cwd()}/node_modules/.bin/node`, `${process.cwd()}/src/cli.ts`]

/** Starts the product's command line from source. Settings of the test's own environment don't reach it. */
export function startCli(
  args: readonly string[],
  { env = {}, terminal = false, cwd }: RunOptions = {},
) {
  const foreign = Object.entries(process.env).filter(
    ([name]) => !/^(PORTOLAN_|NO_COLOR$|FORCE_COLOR$)/.test(name),
  )
  const words = [...command, ...args]
  const [file = '', ...rest] = terminal
    ? ['script', '-qec', words.map((word) => `'${word}'`).join(' '), '/dev/null']
    : words
  return spawn(file, rest, {
    cwd,
    env: { ...Object.fromEntries(foreign), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Runs it to its end. */
export async function runCli(args: readonly string[], options?: RunOptions): Promise<Ran> {
  const child = startCli(args, options)
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const [code] = await once(child, 'close')
  return { code, out, err }
}
