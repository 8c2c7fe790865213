import { randomBytes } from 'node:crypto'

import type { CertificateSet } from '../../core/certificate.ts'
import { anyChange, both, derive, live, type Live } from '../../core/live.ts'
import { sleep } from '../../core/retry.ts'
import type { Secure } from '../feed.ts'
import type { TlsFeed } from './contexts.ts'

/** Sessions that began under the keys before begin anew. */
const keysMs = 12 * 3600 * 1000

const newKeys = () => Uint8Array.from(randomBytes(48))

/** What all workers' handshakes go by: the newest certificates, and keys of sessions that change now and then. */
export function tlsFeeds(
  certificates: Live<CertificateSet>,
  httpsPort: Live<number | undefined> = live(undefined),
) {
  const keys = live(newKeys())
  const feed: Live<TlsFeed> = derive(both(certificates, keys), ([set, ticketKeys]) => ({
    certificates: set,
    ticketKeys,
  }))
  const secure: Live<Secure> = derive(both(feed, httpsPort), ([now, port]) => ({
    feed: now,
    httpsPort: port,
  }))

  return {
    secure,
    async follow(changed: () => void, signal: AbortSignal): Promise<void> {
      const rotate = async () => {
        for (;;) {
          await sleep(keysMs, signal)
          if (signal.aborted) return
          keys.set(newKeys())
        }
      }
      const tell = async () => {
        for await (const _ of anyChange([certificates, keys, httpsPort], signal)) changed()
      }
      await Promise.all([rotate(), tell()])
    },
  }
}
