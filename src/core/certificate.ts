/** A certificate with its key, read and checked. The key must never reach a view, a log or a problem. */
export type Certificate = {
  /** Of its files without their endings, or of its folder; the last part of its key in the store. */
  readonly name: string
  readonly source: 'folder' | 'store'
  /** Host names that it is good for, lower case; `*.x` is one label more than `x` (RFC 6125, 6.4.3). */
  readonly names: readonly string[]
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** SHA-256 of the whole chain and the key: the same one is the same certificate. */
  readonly fingerprint: string
  /** PEM: the certificate first, then those that it was signed with. */
  readonly chain: string
  /** PEM. */
  readonly key: string
}

/** All certificates there are; another list when one of them is another one. */
export type CertificateSet = readonly Certificate[]

/** The one of this name answers where no other fits. */
export const defaultName = 'default'

/** Chooses among the certificates of one set. */
export type CertificateIndex = {
  /**
   * For the name that a client asked for, lower case. `wish`: the name of the certificate that a route wants, which
   * wins if it is there. Undefined: nobody here has that name.
   */
  choose(serverName: string | undefined, wish?: string): Certificate | undefined
  /** Whether one of them is good for `host`; the default one doesn't count. */
  covers(host: string, wish?: string): boolean
}

/**
 * Exact over wildcard; of equal ones those that are valid now, then the newest, then the one that lasts longest. A
 * certificate that names nobody, as people make them for tests, answers for the host that its files are called by.
 */
export function certificateIndex(set: CertificateSet, nowMs: number): CertificateIndex {
  const exact = new Map<string, Certificate>()
  const called = new Map<string, Certificate>()
  for (const certificate of set.toSorted(bestFirst(nowMs))) {
    for (const name of certificate.names) {
      if (!exact.has(name)) exact.set(name, certificate)
    }
    if (!called.has(certificate.name)) called.set(certificate.name, certificate)
  }
  const fitting = (host: string, wish: string | undefined) =>
    (wish === undefined ? undefined : called.get(wish)) ??
    exact.get(host) ??
    exact.get(host.replace(/^[^.]*/, '*')) ??
    (host === defaultName ? undefined : called.get(host))

  return {
    choose(serverName, wish) {
      const found = serverName === undefined ? undefined : fitting(serverName, wish)
      return found ?? called.get(defaultName)
    },
    covers: (host, wish) => fitting(host, wish) !== undefined,
  }
}

export function isValid({ notBeforeMs, notAfterMs }: Certificate, nowMs: number): boolean {
  return notBeforeMs <= nowMs && nowMs < notAfterMs
}

function bestFirst(nowMs: number): (a: Certificate, b: Certificate) => number {
  return (a, b) =>
    Number(isValid(b, nowMs)) - Number(isValid(a, nowMs)) ||
    b.notBeforeMs - a.notBeforeMs ||
    b.notAfterMs - a.notAfterMs
}
