import type { Certificate } from '../core/certificate.ts'
import type { Problem } from '../core/problems.ts'

const dayMs = 86_400_000
/** Who renews does so 30 days before: now something is wrong with that. */
const soonDays = 14

/** The problem of a certificate that is not valid, or will not be for long. Pure. */
export function aging(
  { name, source, notBeforeMs, notAfterMs }: Certificate,
  nowMs: number,
): Problem | undefined {
  const where = `certificate ${name} (${source})`
  if (nowMs < notBeforeMs) {
    return {
      severity: 'warning',
      where,
      what: `it is not valid before ${dateOf(notBeforeMs)}`,
      why: 'clients refuse it until then',
      remedy: 'see whether the clock of this machine is right',
    }
  }
  if (notAfterMs - nowMs > soonDays * dayMs) return undefined
  const expired = notAfterMs <= nowMs
  return {
    severity: expired ? 'error' : 'warning',
    where,
    what: expired ? `it expired on ${dateOf(notAfterMs)}` : `it expires on ${dateOf(notAfterMs)}`,
    why: expired ? 'clients refuse it' : 'clients refuse it from then on',
    remedy: 'renew it: a new one is taken over by itself',
  }
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
