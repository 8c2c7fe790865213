import { errnoOf, messageOf } from '../core/errors.ts'
import type { EngineAddress } from './socket.ts'

/** Why an engine can't be followed, in words, and what to do about it. */
export type Advice = { readonly reason: string; readonly remedy: string }

/** What Portolan asks of an engine: what a filtering socket proxy has to let pass. */
const needed = 'GET /containers, /networks, /events, /version, /info and /_ping'

const tlsRemedy =
  'check the certificates that are given for the engine: its authority, ours, and the name in its own'

/** Reads `error`, whatever a call to the engine at `address` failed with. Pure. */
export function adviceOn(error: unknown, address: EngineAddress): Advice {
  const where = placeOf(address)
  const status = statusOf(error)
  if (status !== undefined) return adviceOnStatus(status, error, where)
  const code = errnoOf(error) ?? ''
  if (code === 'ENOENT') {
    const remedy = 'start Docker or mount its socket: -v /var/run:/var/run'
    return { reason: `no engine at ${where}`, remedy }
  }
  if (code === 'ECONNREFUSED') return refused(address, where)
  if (code === 'EACCES' || code === 'EPERM') {
    const remedy = 'add the user to the group docker, or run as root'
    return { reason: `no permission to open ${where}`, remedy }
  }
  if (/CERT|SSL|TLS|EPROTO|SELF_SIGNED|VERIFY|ISSUER/.test(code)) {
    return { reason: `TLS with ${where} failed: ${messageOf(error)}`, remedy: tlsRemedy }
  }
  return {
    reason: `${where}: ${messageOf(error)}`,
    // an end that wants TLS, or another certificate, may just hang up
    remedy:
      address.kind === 'tcp'
        ? 'see that the engine runs, and that both ends agree on TLS and trust certificates of each other'
        : 'see that the engine runs and answers: docker info',
  }
}

/** The HTTP status that the engine answered with, if it did. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined
  return typeof error.statusCode === 'number' ? error.statusCode : undefined
}

/** An engine's address as people write it. */
export function placeOf(address: EngineAddress): string {
  return address.kind === 'unix' ? address.path : `tcp://${address.host}:${address.port}`
}

function refused(address: EngineAddress, where: string): Advice {
  if (address.kind === 'tcp') {
    const remedy = 'start the engine, or let it listen there (dockerd --host)'
    return { reason: `nobody listens at ${where}`, remedy }
  }
  return {
    reason: `nobody listens on the socket ${where}`,
    remedy:
      'start Docker; a socket mounted as a file is dead after an engine restart: mount its folder instead, -v /var/run:/var/run',
  }
}

function adviceOnStatus(status: number, error: unknown, where: string): Advice {
  if (status === 401 || status === 403) {
    const remedy = `allow ${needed} in the proxy before the engine's socket`
    return { reason: `${where} refuses us with HTTP ${status}`, remedy }
  }
  const reason = `${where} answers with HTTP ${status}: ${messageOf(error).trim()}`
  if (status === 400 && /HTTPS server/.test(reason)) return { reason, remedy: tlsRemedy }
  return { reason, remedy: "look into the engine's log: journalctl -u docker" }
}
