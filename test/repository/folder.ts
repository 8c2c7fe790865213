import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder that is gone when its block ends. */
export type Folder = AsyncDisposable & {
  readonly path: string
  write(name: string, text: string): Promise<void>
}

export async function folder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'portolan-'))
  return {
    path,
    write: async (name, text) => writeFile(join(path, name), text),
    [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }),
  }
}
