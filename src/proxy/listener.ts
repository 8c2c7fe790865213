import { errnoOf, messageOf, PortolanError } from '../core/errors.ts'

export type Listener = {
  readonly entrypoint: string
  /** All addresses, IPv6 and IPv4, unless given. */
  readonly host?: string
  readonly port: number
  /** Whether other sockets of ours listen there too, among which the system shares out connections. */
  readonly reusePort?: boolean
  /** HTTP/1.1 and HTTP/2 over TLS. */
  readonly tls?: boolean
}

export type Bound = { readonly entrypoint: string; readonly address: string; readonly port: number }

const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has this port: stop it, or choose another port',
  EACCES:
    'ports below 1024 need privileges: choose a higher one, or add the capability NET_BIND_SERVICE',
  EADDRNOTAVAIL: 'this machine has no such address: leave the host out to listen on all',
  ENOTSUP: 'this system can not share a port among workers: use --workers 1',
}

/** `listen` with setting, address and remedy. */
export function listenError(
  { entrypoint, host = '', port }: Listener,
  error: unknown,
): PortolanError {
  const remedy = remedies[errnoOf(error) ?? ''] ?? messageOf(error)
  return new PortolanError('listen', `--${entrypoint} can't listen on ${host}:${port}: ${remedy}`, {
    cause: error,
  })
}
