import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { onTestFinished } from 'vitest'

import type { Memory } from '../../src/confd/memory.ts'
import { publish } from '../../src/confd/publish.ts'
import { parseResources, type Resource } from '../../src/confd/resource.ts'
import type { Tools } from '../../src/confd/ring.ts'
import { createMirror } from '../../src/store/mirror.ts'
import type { Store } from '../../src/store/store.ts'

/** A folder of its own for one test, removed after it. */
export async function tempFolder() {
  const root = await mkdtemp(join(tmpdir(), 'portolan-confd-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const at = (name: string) => join(root, name)
  return {
    root,
    at,
    async write(name: string, content: string, mode?: number) {
      await mkdir(dirname(at(name)), { recursive: true })
      await writeFile(at(name), content)
      if (mode !== undefined) await chmod(at(name), mode)
    },
    read: (name: string) => readFile(at(name), 'utf8'),
    async readIfThere(name: string) {
      try {
        return await readFile(at(name), 'utf8')
      } catch {
        return undefined
      }
    },
  }
}

/** Puts `entries` into `store`. */
export async function put(store: Store, entries: Readonly<Record<string, string>>) {
  const changes = Object.entries(entries).map(([key, value]) => ({
    kind: 'put' as const,
    key,
    value,
  }))
  await store.apply(changes, {}, AbortSignal.timeout(1000))
}

/** Mirrors over `store`, as main.ts opens them; `running` are the prefixes that are open now. */
export function opener(store: Pick<Store, 'list' | 'watch'>) {
  const running: string[] = []
  const open = (prefix: string, signal: AbortSignal) => {
    const mirror = createMirror({ store, prefix, onError() {} })
    running.push(prefix)
    void mirror.run(signal).finally(() => running.splice(running.indexOf(prefix), 1))
    return mirror
  }
  return { open, running }
}

/** A signal that aborts when the test ends. */
export function testSignal(): AbortSignal {
  const end = new AbortController()
  onTestFinished(() => end.abort())
  return end.signal
}

/** The first template of a resource file, or its fault. */
export function parseResource(name: string, source: string) {
  const [parsed] = parseResources(name, source)
  if (!parsed) throw new Error('no template')
  if ('fault' in parsed) throw parsed.fault
  return parsed
}

/** Publishes one file; throws what went wrong. Whether anything was done. */
export async function publishOne(
  resource: Resource,
  text: string,
  memory: Memory,
  tools: Tools,
  signal: AbortSignal,
): Promise<'written' | 'unchanged'> {
  const wasDue = memory.pending !== undefined
  const wanted = { files: new Map([[resource.dest, Buffer.from(text)]]), gone: [] }
  const { files, error } = await publish(resource, wanted, memory, tools, signal)
  const placed = files.get(resource.dest)
  if (error !== undefined) throw error
  if (placed?.kind === 'failed') throw placed.error
  return wasDue || placed?.kind === 'written' ? 'written' : 'unchanged'
}
