import { createSecureContext, type SecureContext } from 'node:tls'

import { type Certificate, certificateIndex, type CertificateSet } from '../../core/certificate.ts'

/** What a TLS entrypoint is given: plain data that may cross to another thread. */
export type TlsFeed = {
  readonly certificates: CertificateSet
  /** 48 random bytes, the same in all workers, so that each resumes what another began. */
  readonly ticketKeys: Uint8Array
}

/** The OpenSSL contexts of one set of certificates. */
export type Contexts = {
  /** What a handshake begins with; it has the default certificate, if there is one. */
  readonly first: SecureContext
  /** For the name that a client asked for; undefined if nobody here has it. */
  named(serverName: string, wish: string | undefined): SecureContext | undefined
  /** Whether a certificate that was chosen for it is good for `host`. */
  covers(host: string, wish: string | undefined): boolean
}

/** Sessions are resumed under any context that has the same. */
const sessionIdContext = 'portolan'
const modern = { minVersion: 'TLSv1.2', sessionIdContext } as const

/** Contexts are made when they are first asked for: most of a thousand certificates are never. */
export function contextsOf(feed: TlsFeed, nowMs: number, before?: Contexts): Contexts {
  const index = certificateIndex(feed.certificates, nowMs)
  const ticketKeys = Buffer.from(feed.ticketKeys)
  const fallback = index.choose(undefined)
  const made = new Map(before instanceof Made ? before.made : [])
  const kept = new Set(feed.certificates.map(({ fingerprint }) => fingerprint))
  for (const fingerprint of made.keys()) if (!kept.has(fingerprint)) made.delete(fingerprint)
  const first = createSecureContext({ ...modern, ...(fallback && pairOf(fallback)), ticketKeys })
  return new Made(first, index, made)
}

class Made implements Contexts {
  readonly first: SecureContext
  readonly made: Map<string, SecureContext>
  private readonly index: ReturnType<typeof certificateIndex>

  constructor(
    first: SecureContext,
    index: ReturnType<typeof certificateIndex>,
    made: Map<string, SecureContext>,
  ) {
    this.first = first
    this.index = index
    this.made = made
  }

  named(serverName: string, wish: string | undefined): SecureContext | undefined {
    const certificate = this.index.choose(serverName, wish)
    if (!certificate) return undefined
    const known = this.made.get(certificate.fingerprint)
    if (known) return known
    const context = createSecureContext({ ...modern, ...pairOf(certificate) })
    this.made.set(certificate.fingerprint, context)
    return context
  }

  covers(host: string, wish: string | undefined): boolean {
    return this.index.covers(host, wish)
  }
}

function pairOf({ chain, key }: Certificate) {
  return { cert: chain, key }
}
