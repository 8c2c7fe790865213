import { Gauge, type Registry } from 'prom-client'

import { compare } from '../core/catalog.ts'
import { type Certificate, type CertificateSet, isValid } from '../core/certificate.ts'
import { live, type Live } from '../core/live.ts'
import type { Log } from '../core/log.ts'
import type { Problem } from '../core/problems.ts'
import { sleep } from '../core/retry.ts'
import type { Mirror } from '../store/mirror.ts'
import type { Entry } from '../store/store.ts'
import { aging } from './aging.ts'
import { FolderSource } from './follow-folder.ts'
import { storeSource } from './follow-store.ts'

export type CertsOptions = {
  readonly folder: string | undefined
  /** Root of our keys in the store, without a slash at its end. */
  readonly prefix: string
  readonly mirror: Pick<Mirror, 'entries' | 'follow'>
  /** What an earlier run left, until the store has been read. */
  readonly saved: ReadonlyMap<string, Entry> | undefined
  /** Takes the whole list each time. */
  readonly report: (problems: readonly Problem[]) => void
  readonly registry: Registry
  readonly log: Log
}

/** What people may see of a certificate. */
export type CertificateView = Pick<Certificate, 'name' | 'source' | 'names'> & {
  /** RFC 3339. */
  readonly notBefore: string
  readonly notAfter: string
  readonly problem: string | null
}

/** The certificates there are, kept up to date. */
export type Certs = {
  readonly certificates: Live<CertificateSet>
  view(): CertificateView[]
  /** Reads what is there at the start. */
  load(): Promise<void>
  /** Follows folder and store until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
}

/** Ages are looked at this often. */
const agedMs = 600_000

export function createCerts(options: CertsOptions): Certs {
  const { folder, prefix, mirror, saved, report, registry, log } = options
  const certificates = live<CertificateSet>([])
  const sources = [
    ...(folder === undefined ? [] : [new FolderSource(folder)]),
    storeSource(prefix, mirror, saved),
  ]
  let valid = ''
  exportAges(certificates, registry)

  function refresh(): void {
    const found = sources
      .flatMap((source) => source.certificates())
      .toSorted((a, b) => compare(a.name, b.name) || compare(a.source, b.source))
    const isLastGone = found.length === 0 && certificates.current.length > 0
    const all = isLastGone ? certificates.current : found
    // who chooses looks at dates once for each list
    const validNow = all.map((one) => isValid(one, Date.now())).join()
    if (!isSame(all, certificates.current) || valid !== validNow) {
      valid = validNow
      certificates.set(all)
      log.info({ certificates: all.map(({ name }) => name) }, 'certificates replaced')
    }
    report([
      ...sources.flatMap((source) => source.problems()),
      ...all.flatMap(agingNow),
      ...(isLastGone ? all.map(lastGone) : []),
    ])
  }

  return {
    certificates,
    async load() {
      await Promise.all(sources.map((source) => source.load()))
      refresh()
    },
    view: () => certificates.current.map(viewOf),
    async run(signal) {
      await Promise.all([
        ...sources.map((source) => source.run(refresh, signal)),
        (async () => {
          for (; !signal.aborted; await sleep(agedMs, signal)) refresh()
        })(),
      ])
    },
  }
}

function agingNow(certificate: Certificate): Problem[] {
  const problem = aging(certificate, Date.now())
  return problem ? [problem] : []
}

/** HTTPS without any certificate would serve nobody, and is hardly what was meant. */
function lastGone({ name, source }: Certificate): Problem {
  return {
    severity: 'warning',
    where: `certificate ${name} (${source})`,
    what: 'it is gone, and there is no other one',
    why: 'it goes on being used until there is a new one, or Portolan is started anew',
    remedy: 'put a new one there; to close HTTPS, set --https off',
  }
}

function viewOf(certificate: Certificate): CertificateView {
  const { name, source, names, notBeforeMs, notAfterMs } = certificate
  return {
    name,
    source,
    names,
    notBefore: new Date(notBeforeMs).toISOString(),
    notAfter: new Date(notAfterMs).toISOString(),
    problem: agingNow(certificate)[0]?.what ?? null,
  }
}

function exportAges(certificates: Live<CertificateSet>, registry: Registry): void {
  const gauge = {
    name: 'portolan_certificate_expiry_seconds',
    help: 'Time until a certificate expires; negative afterwards',
    labelNames: ['name', 'source'] as const,
    registers: [],
    collect(this: Gauge<'name' | 'source'>) {
      this.reset()
      for (const { name, source, notAfterMs } of certificates.current) {
        this.set({ name, source }, Math.round((notAfterMs - Date.now()) / 1000))
      }
    },
  }
  registry.registerMetric(new Gauge(gauge))
}

function isSame(a: CertificateSet, b: CertificateSet): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at])
}
