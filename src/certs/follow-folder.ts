import { messageOf } from '../core/errors.ts'
import type { Problem } from '../core/problems.ts'
import { sleep } from '../core/retry.ts'
import { type Files, filesIn, readFiles, signatureOf } from './folder.ts'
import { keeper } from './keeper.ts'
import { readCertificate } from './read.ts'
import type { Source } from './source.ts'

/** Between two looks. Looking is all that works everywhere: neither links nor Docker Desktop's mounts tell of changes. */
const everyMs = 1000
/** Part of the time that looking may take: a folder of thousands of files is looked at less often. */
const share = 1 / 50

/** The certificates in `folder`. What is half-written, and so bad, has until the next look to become whole. */
export function folderSource(folder: string): Source {
  const kept = keeper()
  const seen = new Map<string, string>()
  let unreadable: Problem | undefined
  /** Names whose files were bad in one look only. */
  let fresh = new Set<string>()

  async function lookAt(files: Files): Promise<boolean> {
    const { name, chain } = files
    const signature = await signatureOf(files)
    if (seen.get(name) === signature) return fresh.delete(name)
    seen.set(name, signature)
    await kept.take(name, `file ${chain}`, async () => {
      const pem = await readFiles(files)
      return pem && readCertificate({ name, source: 'folder' }, pem)
    })
    fresh.add(name)
    return true
  }

  /** Whether anything is other than before. */
  async function look(): Promise<boolean> {
    let all: readonly Files[]
    try {
      all = await filesIn(folder)
    } catch (error) {
      const changed = unreadable === undefined
      unreadable = noFolder(folder, error)
      return changed
    }
    let changed = unreadable !== undefined
    unreadable = undefined
    const there = new Set(all.map(({ name }) => name))
    for (const name of seen.keys()) {
      if (there.has(name)) continue
      seen.delete(name)
      fresh.delete(name)
      kept.forget(name)
      changed = true
    }
    for (const files of all) if (await lookAt(files)) changed = true
    return changed
  }

  return {
    certificates: kept.certificates,
    problems: () => [
      ...(unreadable ? [unreadable] : []),
      ...kept.problems((name) => !fresh.has(name)),
    ],
    async load() {
      await look()
    },
    async run(onChange, signal) {
      while (!signal.aborted) {
        const began = performance.now()
        if (await look()) onChange()
        const tookMs = performance.now() - began
        await sleep(Math.max(everyMs, tookMs / share), signal)
      }
    },
  }
}

function noFolder(folder: string, error: unknown): Problem {
  return {
    severity: 'error',
    where: 'setting --certs',
    what: `the folder ${folder} can not be read`,
    why: messageOf(error),
    remedy: 'mount it, let us read it, or name another one',
  }
}
