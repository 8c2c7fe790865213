import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

import { errnoOf } from '../core/errors.ts'
import type { Target } from './route.ts'

/** A connection, or why there is none. */
export type Dialled =
  | { readonly ok: true; readonly socket: Socket }
  | { readonly ok: false; readonly timedOut: boolean; readonly error: Error }

/** How long a connect may take: on our own node an answer that is not at once will not come. */
export function connectTimeoutMs({ own }: Target): number {
  return own ? 500 : 3000
}

/** Opens a connection to `target`. Never rejects; `gone` gives up. */
export function dial(target: Target, gone: AbortSignal): Promise<Dialled> {
  const { promise, resolve } = Promise.withResolvers<Dialled>()
  const { socket, ready } = opened(target)
  const fail = (error: Error) => {
    socket.destroy()
    const timedOut = error.name === 'TimeoutError' || errnoOf(error) === 'ETIMEDOUT'
    resolve({ ok: false, timedOut, error })
  }
  const limit = AbortSignal.any([gone, AbortSignal.timeout(connectTimeoutMs(target))])
  const onLimit = () => fail(limit.reason instanceof Error ? limit.reason : new Error('given up'))
  limit.addEventListener('abort', onLimit)
  socket.once('error', fail)
  socket.once(ready, () => {
    limit.removeEventListener('abort', onLimit)
    socket.off('error', fail)
    resolve({ ok: true, socket })
  })
  if (limit.aborted) onLimit()
  return promise
}

function opened({ protocol, ip, port }: Target): { socket: Socket; ready: string } {
  if (protocol === 'http') {
    return { socket: connect({ host: ip, port, noDelay: true }), ready: 'connect' }
  }
  return { socket: connectTls({ host: ip, port, ...unchecked }), ready: 'secureConnect' }
}

/**
 * Containers are reached by address, for which nobody has a certificate: encrypted, not authenticated. What stands
 * behind an address is known from Docker.
 */
export const unchecked = { rejectUnauthorized: false } as const
