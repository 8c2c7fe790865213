import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'

export type Events = AsyncDisposable & {
  /** When it happened to this container for the first time, by the engine's clock, in milliseconds since 1970. */
  at(id: string, action: 'start' | 'kill'): Promise<number>
}

/** Follows the engine's events from now on. */
export async function followEvents(): Promise<Events> {
  const format = '{{.Action}} {{.Actor.ID}} {{.TimeNano}}'
  const filters = ['type=container', 'event=start', 'event=kill']
  const flags = filters.flatMap((filter) => ['--filter', filter])
  const since = (Date.now() / 1000).toFixed(3)
  const child = spawn('docker', ['events', '--since', since, ...flags, '--format', format])
  const ended = once(child, 'exit')
  const seen = new Map<string, number>()
  createInterface(child.stdout).on('line', (line) => {
    const [action = '', id = '', nano = ''] = line.split(' ')
    const key = `${id} ${action}`
    if (!seen.has(key)) seen.set(key, Number(nano) / 1e6)
  })
  await once(child, 'spawn')
  return {
    async at(id, action) {
      for (let waited = 0; waited < 2000; waited += 5) {
        const found = seen.get(`${id} ${action}`)
        if (found !== undefined) return found
        await pause(5)
      }
      throw new Error(`no ${action} event of ${id}`)
    },
    async [Symbol.asyncDispose]() {
      child.kill()
      await ended
    },
  }
}
