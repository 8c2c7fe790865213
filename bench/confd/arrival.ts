import { watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** When `path` had this content, in milliseconds since 1970; looks at each change of its folder. */
export function arrival(path: string, content: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const limit = setTimeout(() => reject(new Error(`${path} never was ${content}`)), 30_000)
  const look = async () => {
    const now = performance.timeOrigin + performance.now()
    if ((await readFile(path, 'utf8').catch(() => '')) === content) resolve(now)
  }
  const watcher = watch(dirname(path), () => void look())
  void look()
  return promise.finally(() => {
    clearTimeout(limit)
    watcher.close()
  })
}
