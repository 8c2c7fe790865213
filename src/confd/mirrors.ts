import type { Mirror } from '../store/mirror.ts'

/** What is read of a mirror. */
export type MirrorReader = Pick<Mirror, 'entries' | 'follow'>

/** Gives a mirror of a prefix that runs until `signal` aborts. */
export type OpenMirror = (prefix: string, signal: AbortSignal) => MirrorReader

/** Opens each prefix once, however many use it at a time. */
export function mirrorPool(open: OpenMirror) {
  const pool = new Map<string, { mirror: MirrorReader; users: number; close: AbortController }>()

  const release = (prefix: string) => {
    const shared = pool.get(prefix)
    if (!shared || --shared.users > 0) return
    pool.delete(prefix)
    shared.close.abort()
  }

  return {
    /** The mirror of `prefix`, held until `signal` aborts. */
    use(prefix: string, signal: AbortSignal): MirrorReader {
      signal.throwIfAborted()
      let shared = pool.get(prefix)
      if (!shared) {
        const close = new AbortController()
        shared = { mirror: open(prefix, close.signal), users: 0, close }
        pool.set(prefix, shared)
      }
      shared.users++
      signal.addEventListener('abort', () => release(prefix), { once: true })
      return shared.mirror
    },
  }
}

export type MirrorPool = ReturnType<typeof mirrorPool>
