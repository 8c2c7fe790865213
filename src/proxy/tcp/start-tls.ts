import type { Socket } from 'node:net'

import type { Flow } from './flow.ts'

/** By these clients of PostgreSQL ask for TLS before it begins (its manual, "SSLRequest"). */
export const sslRequest: Buffer = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
/** By this the server agrees. */
export const agreed = 'S'

const answerMs = 10_000

/** Whether `bytes` ask for TLS; undefined: they may yet. */
export function asksForTls(bytes: Buffer): boolean | undefined {
  const length = Math.min(bytes.length, sslRequest.length)
  if (bytes.compare(sslRequest, 0, length, 0, length) !== 0) return false
  return length === sslRequest.length ? true : undefined
}

/**
 * Asks an endpoint for the TLS that `client` has been promised already. Tells `answered` whether it agrees, with nothing
 * after that.
 */
export function askedForTls(
  client: Socket,
  server: Socket,
  down: Flow,
  answered: (isAgreed: boolean) => void,
): void {
  const none = () => settle(undefined)
  const settle = (answer: string | undefined) => {
    clearTimeout(timer)
    client.off('close', none)
    server.off('close', none)
    answered(answer === agreed)
  }
  const timer = setTimeout(none, answerMs)
  client.once('close', none)
  server.once('close', none)
  down.divert(settle)
  server.write(sslRequest)
}
