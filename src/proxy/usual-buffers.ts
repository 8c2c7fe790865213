import { totalmem } from 'node:os'

const mebibyte = 1024 * 1024

/** An eighth of the memory that we may use, 64 MiB to 1 GiB. */
export function usualBufferBytes(): number {
  const allowed = process.constrainedMemory()
  // without a limit it is 0, or more than there is
  const memory = allowed > 0 ? Math.min(allowed, totalmem()) : totalmem()
  return Math.max(64 * mebibyte, Math.min(1024 * mebibyte, Math.floor(memory / 8)))
}
