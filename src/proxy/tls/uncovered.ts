import { type CertificateSet, certificateIndex, defaultName } from '../../core/certificate.ts'
import type { Live } from '../../core/live.ts'
import type { Problem } from '../../core/problems.ts'
import type { RouteChange } from '../changes.ts'
import type { TableRoute } from '../route.ts'

export type UncoveredOptions = {
  readonly certificates: Live<CertificateSet>
  readonly report: (problems: readonly Problem[]) => void
}

/** Reports TCP routes whose TLS ends here for names that there is no certificate for. */
export function uncovered({ certificates, report }: UncoveredOptions) {
  /** With where each was declared, for people. */
  const routes = new Map<string, { readonly route: TableRoute; readonly where: string }>()

  function say(): void {
    const set = certificates.current
    const index = certificateIndex(set, Date.now())
    const hasDefault = set.some(({ name }) => name === defaultName)
    const problems = [...routes.values()].flatMap(({ route, where }) =>
      namesOf(route)
        .filter((name) => !index.covers(name, route.tls?.certificate))
        .map((name) => noCertificate(where, route.name, name, hasDefault)),
    )
    report(problems)
  }

  return {
    /** The table has changed. `whereOf`: where a route was declared. */
    change(changes: readonly RouteChange[], whereOf: (route: TableRoute) => string): void {
      let moved = false
      for (const { before, after } of changes) {
        const key = (after ?? before)?.key ?? ''
        if (after?.tcp?.tls === 'ended') routes.set(key, { route: after, where: whereOf(after) })
        else if (!routes.delete(key)) continue
        moved = true
      }
      if (moved) say()
    },
    async follow(signal: AbortSignal): Promise<void> {
      for await (const _ of certificates.changes(signal)) if (routes.size > 0) say()
    },
  }
}

/** Those that the rule names; for one that takes any there is no saying what clients will ask for. */
function namesOf({ hosts }: TableRoute): string[] {
  return [...hosts.exact, ...[...hosts.suffixes].map((suffix) => `*.${suffix}`)]
}

function noCertificate(where: string, route: string, name: string, hasDefault: boolean): Problem {
  return {
    severity: hasDefault ? 'warning' : 'error',
    where,
    what: `TLS of route ${route} ends here, and no certificate is for ${name}`,
    why: hasDefault
      ? 'clients that ask for this name are shown the default certificate, and most refuse that'
      : 'clients that ask for this name are refused in the handshake',
    remedy:
      'put a certificate for it into the folder of --certs, or have the TLS passed on (portolan.tls=pass)',
  }
}
