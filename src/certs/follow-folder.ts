import type { Certificate } from '../core/certificate.ts'
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

/** The certificates in a folder. What is half-written, and so bad, has until the next look to become whole. */
export class FolderSource implements Source {
  private readonly folder: string
  private readonly kept = keeper()
  /** Signatures of files, by name. */
  private readonly seen = new Map<string, string>()
  private unreadable: Problem | undefined
  /** Names whose files were bad in one look only. */
  private readonly fresh = new Set<string>()

  constructor(folder: string) {
    this.folder = folder
  }

  certificates(): readonly Certificate[] {
    return this.kept.certificates()
  }

  problems(): readonly Problem[] {
    const { unreadable, kept, fresh } = this
    return [...(unreadable ? [unreadable] : []), ...kept.problems((name) => !fresh.has(name))]
  }

  async load(): Promise<void> {
    await this.look()
  }

  async run(onChange: () => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const began = performance.now()
      if (await this.look()) onChange()
      const tookMs = performance.now() - began
      await sleep(Math.max(everyMs, tookMs / share), signal)
    }
  }

  /** Whether anything is other than before. */
  private async look(): Promise<boolean> {
    let all: readonly Files[]
    try {
      all = await filesIn(this.folder)
    } catch (error) {
      const changed = this.unreadable === undefined
      this.unreadable = noFolder(this.folder, error)
      return changed
    }
    let changed = this.unreadable !== undefined
    this.unreadable = undefined
    if (this.forgetBut(new Set(all.map(({ name }) => name)))) changed = true
    for (const files of all) if (await this.lookAt(files)) changed = true
    return changed
  }

  private forgetBut(there: ReadonlySet<string>): boolean {
    const gone = [...this.seen.keys()].filter((name) => !there.has(name))
    for (const name of gone) {
      this.seen.delete(name)
      this.fresh.delete(name)
      this.kept.forget(name)
    }
    return gone.length > 0
  }

  private async lookAt(files: Files): Promise<boolean> {
    const { seen, fresh, kept } = this
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
