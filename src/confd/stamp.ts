import { statSync } from 'node:fs'

/** Size, time and inode in one string; the same for all files that are not there. */
export function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat ? `${stat.mtimeMs} ${stat.size} ${stat.ino}` : 'missing'
}
