import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'

import { z } from 'zod'

import { PortolanError } from '../core/errors.ts'
import type { OnError } from '../core/retry.ts'
import { sleep, untilSuccess } from '../core/retry.ts'
import type { Mirror } from '../store/mirror.ts'
import type { Entry } from '../store/store.ts'

const stateSchema = z.object({
  v: z.literal(1),
  prefix: z.string(),
  entries: z.record(z.string(), z.string()),
})

const fileIn = (folder: string) => join(folder, 'entries.json')

/** The last good entries that an earlier run left in `folder`; undefined when there are none for `prefix`. */
export async function loadState(
  folder: string,
  prefix: string,
): Promise<ReadonlyMap<string, Entry> | undefined> {
  let text: string
  try {
    text = await readFile(fileIn(folder), 'utf8')
  } catch {
    return undefined
  }
  try {
    const state = stateSchema.parse(JSON.parse(text))
    if (state.prefix !== prefix) return undefined
    return new Map(Object.entries(state.entries).map(([key, value]) => [key, { value, lease: '' }]))
  } catch (cause) {
    throw new PortolanError('bad-value', `${fileIn(folder)} can not be read; delete it`, { cause })
  }
}

export type KeepStateOptions = {
  readonly folder: string
  readonly prefix: string
  readonly mirror: Pick<Mirror, 'entries' | 'follow'>
  readonly onError: OnError
  /** Pause between two writes. */
  readonly everyMs?: number
}

/** Keeps the newest entries in `folder`, each time whole and in one step, until `signal` aborts. */
export async function keepState(options: KeepStateOptions, signal: AbortSignal): Promise<void> {
  const { folder, prefix, mirror, onError, everyMs = 5000 } = options
  for await (const _ of mirror.follow(signal)) {
    const entries = Object.fromEntries([...mirror.entries].map(([key, { value }]) => [key, value]))
    const text = JSON.stringify({ v: 1, prefix, entries })
    try {
      await untilSuccess(() => replace(fileIn(folder), text), onError, signal)
    } catch {
      return
    }
    await sleep(everyMs, signal)
  }
}

async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`
  {
    await using file = await open(temporary, 'w', 0o600)
    await file.writeFile(text)
    await file.sync()
  }
  await rename(temporary, path)
}
