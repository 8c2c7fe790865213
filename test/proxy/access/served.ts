import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

import { z } from 'zod'

import type { AccessWish } from '../../../src/proxy/access/wish.ts'

const lineSchema = z.looseObject({
  log: z.literal('access'),
  time: z.iso.datetime(),
  entrypoint: z.string(),
  client: z.string(),
  outcome: z.string(),
  received: z.number(),
  sent: z.number(),
  durationMs: z.number(),
})
export type Line = z.output<typeof lineSchema>

export type Options = {
  readonly wish: AccessWish
  readonly workers?: number
  readonly trust?: readonly string[]
  readonly web: number
  readonly gone?: number
  readonly tcp?: number
}

/** A proxy in a process of its own; its standard output is read from `read` on. */
export async function served(options: Options) {
  const script = new URL('serve.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: 'pipe' })
  const ended = once(child, 'exit')
  const said = createInterface(child.stderr)[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => JSON.parse(String((await said.next()).value))
  const ports = z.object({ http: z.number(), db: z.number() }).parse(await next())
  const lines: Line[] = []
  let waiting: (() => void) | undefined

  return {
    ...ports,
    lines,
    read() {
      createInterface(child.stdout).on('line', (text) => {
        lines.push(lineSchema.parse(JSON.parse(text)))
        waiting?.()
      })
    },
    /** Resolves when there are so many lines. */
    async until(count: number): Promise<readonly Line[]> {
      while (lines.length < count) {
        await new Promise<void>((resolve) => {
          waiting = resolve
        })
      }
      return lines
    },
    /** How many lines were dropped by now. */
    async dropped(): Promise<number> {
      child.stdin.write('\n')
      return z.number().parse(await next())
    },
    /** Ends it in good order. */
    async stop(): Promise<void> {
      child.stdin.end()
      await ended
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
