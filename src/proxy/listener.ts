import type { AddressInfo, Server } from 'node:net'

import { errnoOf, messageOf, PortolanError } from '../core/errors.ts'

export type Listener = {
  readonly entrypoint: string
  /** What is spoken there; HTTP unless given. */
  readonly kind?: EntrypointKind
  /** All addresses, IPv6 and IPv4, unless given. */
  readonly host?: string
  readonly port: number
  /** Whether other sockets of ours listen there too, among which the system shares out connections. */
  readonly reusePort?: boolean
}

/** `https`: HTTP/1.1 and HTTP/2 over TLS. */
export type EntrypointKind = 'http' | 'https' | 'tcp'

export type Bound = {
  readonly entrypoint: string
  readonly kind: EntrypointKind
  readonly address: string
  readonly port: number
}

/** One listening entrypoint. */
export type EntrypointServer = {
  /** Rejects `listen` with setting, address and remedy. */
  open(): Promise<Bound>
  /** From now on clients are told that their connections end. */
  announceEnd(): void
  /** Accepts no more connections; resolves when the last has ended. */
  close(): Promise<void>
  /** Ends them now. */
  cut(): void
}

/** Resolves when `server` listens where `listener` says. Rejects `listen`. */
export async function listening(server: Server, listener: Listener): Promise<Bound> {
  const { entrypoint, kind = 'http', host, port, reusePort = false } = listener
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  const at = host === undefined || host === '' ? {} : { host }
  server.listen({ port, ...at, reusePort }, resolve)
  try {
    await promise
  } catch (error) {
    throw listenError(listener, error)
  }
  server.off('error', reject)
  const { address, port: bound } = addressOf(server)
  return { entrypoint, kind, address, port: bound }
}

function addressOf(server: Server): AddressInfo {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('not a TCP listener')
  return address
}

const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has this port: stop it, or choose another port',
  EACCES:
    'ports below 1024 need privileges: choose a higher one, or add the capability NET_BIND_SERVICE',
  EADDRNOTAVAIL: 'this machine has no such address: leave the host out to listen on all',
  ENOTSUP: 'this system can not share a port among workers: use --workers 1',
}

/** `listen` with setting, address and remedy. */
export function listenError(
  { entrypoint, kind, host = '', port }: Listener,
  error: unknown,
): PortolanError {
  const remedy = remedies[errnoOf(error) ?? ''] ?? messageOf(error)
  const setting = kind === 'tcp' ? `--tcp ${entrypoint}` : `--${entrypoint}`
  return new PortolanError('listen', `${setting} can't listen on ${host}:${port}: ${remedy}`, {
    cause: error,
  })
}
