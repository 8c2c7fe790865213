import type { FastifyInstance } from 'fastify'

import { errnoOf, messageOf, PortolanError } from '../core/errors.ts'

/** An empty host is every address, IPv4 and IPv6; port 0 lets the system choose. */
export type Listen = { readonly host: string; readonly port: number }
export type Bound = { readonly host: string; readonly port: number }

const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken: stop what listens there, or choose another one with --admin',
  EACCES: 'the system does not allow it: choose a port above 1023 with --admin',
  EADDRNOTAVAIL: 'this machine has no such address: leave the host out to listen on all',
  ENOTFOUND: 'there is no such host: write an address of this machine',
}

/** Listens, and gives where. Rejects `listen` with setting, address and remedy. */
export async function listening(server: FastifyInstance, { host, port }: Listen): Promise<Bound> {
  try {
    await listenAt(server, host, port)
  } catch (cause) {
    const remedy = remedies[errnoOf(cause) ?? ''] ?? messageOf(cause)
    throw new PortolanError('listen', `--admin can't listen on ${host}:${port}: ${remedy}`, {
      cause,
    })
  }
  const address = server.server.address()
  if (address === null || typeof address === 'string') throw new TypeError('not a TCP listener')
  return { host: address.address, port: address.port }
}

async function listenAt(server: FastifyInstance, host: string, port: number): Promise<void> {
  if (host !== '') {
    await server.listen({ host, port })
    return
  }
  try {
    await server.listen({ host: '::', port })
  } catch (error) {
    // a machine without IPv6
    if (!['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes(errnoOf(error) ?? '')) throw error
    await server.listen({ host: '0.0.0.0', port })
  }
}
