import {
  type CertificateIndex,
  certificateIndex,
  type CertificateSet,
} from '../../core/certificate.ts'
import type { Problem } from '../../core/problems.ts'
import type { EntrypointKind } from '../listener.ts'
import type { RouteChange } from '../table/changes.ts'
import { isFallback } from '../table/fallbacks.ts'
import type { TableRoute } from '../table/route.ts'

export type UncertifiedOptions = {
  readonly kinds: ReadonlyMap<string, EntrypointKind>
  /** Takes the whole list each time. */
  readonly report: (problems: readonly Problem[]) => void
}

/** Which routes want a certificate that is not there: one by name, or one for their hosts. */
export type Uncertified = {
  /** The table has changed. `whereOf`: where a route was declared, for people. */
  change(changes: readonly RouteChange[], whereOf: (route: TableRoute) => string): void
  use(certificates: CertificateSet): void
}

export function uncertified({ kinds, report }: UncertifiedOptions): Uncertified {
  const secured = new Map<string, { readonly route: TableRoute; readonly where: string }>()
  /** By key, those that are there without TLS as well, and so need no certificate unless they say so. */
  const plain = new Set<string>()
  const found = new Map<string, Problem>()
  let certificates: CertificateSet = []
  let index = certificateIndex([], 0)
  let said = false
  const withoutTls = [...kinds].flatMap(([name, kind]) => (kind === 'http' ? [name] : []))
  const hasTls = [...kinds.values()].some((kind) => kind !== 'http')

  function isPlain({ service, rule }: TableRoute): boolean {
    return withoutTls.some((entrypoint) => plain.has(`${service} ${entrypoint} ${rule}`))
  }

  function look({ route, where }: { readonly route: TableRoute; readonly where: string }): void {
    const wants = route.tls !== null || !isPlain(route)
    // as long as there is none at all https says so, because it does not open
    const isSaid = certificates.length === 0 && kinds.get(route.entrypoint) !== 'tcp'
    const what = wants && !isSaid ? missingOf(route, certificates, index) : undefined
    if (what === undefined) found.delete(route.key)
    else found.set(route.key, { ...problemOf(what, index), where })
  }

  function say(): void {
    if (found.size > 0 || said) report([...found.values()])
    said = found.size > 0
  }

  function leave(route: TableRoute): void {
    plain.delete(route.key)
    secured.delete(route.key)
    found.delete(route.key)
  }

  return {
    change(changes, whereOf) {
      for (const { before } of changes) if (before) leave(before)
      const come: TableRoute[] = []
      for (const { after } of changes) {
        if (!after || isFallback(after)) continue
        const kind = kinds.get(after.entrypoint)
        if (hasTls && after.tcp === undefined && kind === 'http') plain.add(after.key)
        if (after.tcp ? after.tcp.tls === 'ended' : kind === 'https') come.push(after)
      }
      for (const route of come) {
        const one = { route, where: whereOf(route) }
        secured.set(route.key, one)
        look(one)
      }
      say()
    },
    use(set) {
      certificates = set
      index = certificateIndex(set, Date.now())
      for (const one of secured.values()) look(one)
      say()
    },
  }
}

/** A certificate that is wished for by name, or hosts that none is good for. */
type Missing = { readonly wish: string } | { readonly hosts: readonly string[] }

function missingOf(
  { tls, hosts }: TableRoute,
  certificates: CertificateSet,
  index: CertificateIndex,
): Missing | undefined {
  const wish = tls?.certificate
  if (wish !== undefined && !certificates.some(({ name }) => name === wish)) return { wish }
  const names = [...hosts.exact, ...[...hosts.suffixes].map((suffix) => `*.${suffix}`)]
  const bare = names.filter((host) => !index.covers(host, wish))
  return bare.length > 0 ? { hosts: bare } : undefined
}

/** Names of hosts that are told; there may be hundreds. */
const most = 3

function problemOf(missing: Missing, index: CertificateIndex): Omit<Problem, 'where'> {
  const served = index.choose(undefined)
    ? 'clients get the default certificate, which most of them refuse'
    : 'its clients are refused, for no other one is good for them and there is no default'
  if ('wish' in missing) {
    return {
      severity: 'warning',
      what: `certificate ${missing.wish} is not there`,
      why: `one that is good for the host is used if there is one; else ${served}`,
      remedy: putThere(missing.wish),
    }
  }
  const [first = ''] = missing.hosts
  const told = missing.hosts.slice(0, most).join(', ')
  const more = missing.hosts.length > most ? ` and ${missing.hosts.length - most} more` : ''
  return {
    severity: index.choose(undefined) ? 'warning' : 'error',
    what: `no certificate is good for ${told}${more}`,
    why: served,
    remedy: putThere(first.replace(/^\*\./, '')),
  }
}

function putThere(name: string): string {
  return `put ${name}.crt and ${name}.key into the folder of --certs, or it into the store`
}
