import { spawn } from 'node:child_process'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'

import { formatDuration } from '../core/duration.ts'
import { PortolanError } from '../core/errors.ts'

/** A text for `/bin/sh -c`, or a program and its arguments, which no shell sees. */
export type CommandLine = string | readonly string[]

export type CommandOptions = {
  /** `check_cmd` or `reload_cmd`: for messages. */
  readonly name: string
  readonly command: CommandLine
  readonly timeoutMs: number
}

const outputBytes = 64 * 1024
/** A daemon that the command left behind may hold its output open: we don't wait for that longer. */
const outputGraceMs = 200
/** At our own end a command may still finish: half a reload is worse than a late exit. */
const stopGraceMs = 5000

type Ended =
  | { readonly kind: 'exit'; readonly code: number | null; readonly by: string | null }
  | { readonly kind: 'error'; readonly cause: Error }

/** The last 64 KiB of both streams; `fault` (`command`) unless it ended with 0. */
export type Ran = { readonly output: string; readonly fault: PortolanError | undefined }

/**
 * Runs a command: in a shell, as confd does, if it is a text. If it is not done in time its whole process group is killed; after
 * an abort of `signal` it gets 5 s. Rejects only if `signal` is aborted already.
 */
export async function runCommand(options: CommandOptions, signal: AbortSignal): Promise<Ran> {
  const { name, command, timeoutMs } = options
  signal.throwIfAborted()
  const [program = '', ...args] = typeof command === 'string' ? ['/bin/sh', '-c', command] : command
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = tail([child.stdout, child.stderr])
  let killed = ''
  const killIn = (ms: number, why: string) =>
    setTimeout(() => {
      killed = why
      killGroup(child.pid)
    }, ms)
  const timers = [killIn(timeoutMs, `is not done after ${formatDuration(timeoutMs)}`)]
  const stop = () => timers.push(killIn(stopGraceMs, 'was stopped, because we stop'))
  signal.addEventListener('abort', stop, { once: true })
  const ended = await endOf(child)
  timers.forEach(clearTimeout)
  signal.removeEventListener('abort', stop)
  const text = await output.end()
  if (ended.kind === 'exit' && ended.code === 0) return { output: text, fault: undefined }
  const shown = typeof command === 'string' ? command : command.join(' ')
  const what = `${name} (${shown}) ${killed || reasonOf(ended)}${lastLines(text)}`
  return { output: text, fault: new PortolanError('command', what) }
}

function endOf(child: ReturnType<typeof spawn>): Promise<Ended> {
  return new Promise((resolve) => {
    child.on('error', (cause) => resolve({ kind: 'error', cause }))
    child.on('exit', (code, by) => resolve({ kind: 'exit', code, by }))
  })
}

function reasonOf(ended: Ended): string {
  if (ended.kind === 'error') return `could not be started: ${ended.cause.message}`
  return ended.code === null ? `was killed by ${ended.by}` : `failed with exit code ${ended.code}`
}

function lastLines(text: string): string {
  const lines = text.trim().split('\n').slice(-5).join(' | ')
  return lines === '' ? '' : `: ${lines.slice(-1000)}`
}

/** Negative pid: the whole group (kill(2)), for what the shell has started. */
function killGroup(pid: number | undefined) {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // it ended just now
  }
}

function tail(streams: readonly Readable[]) {
  let kept = Buffer.alloc(0)
  const ends = streams.map(
    (stream) =>
      new Promise<void>((resolve) => {
        stream.on('data', (chunk: Buffer) => {
          kept = Buffer.concat([kept, chunk]).subarray(-outputBytes)
        })
        stream.on('close', resolve)
      }),
  )
  return {
    async end(): Promise<string> {
      await Promise.race([Promise.all(ends), pause(outputGraceMs)])
      for (const stream of streams) letGo(stream)
      return kept.toString()
    },
  }
}

/** Goes on reading, or a daemon would block or get SIGPIPE, but no longer keeps this process alive. */
function letGo(stream: Readable) {
  stream.removeAllListeners('data').resume()
  if (stream instanceof Socket) stream.unref()
}
