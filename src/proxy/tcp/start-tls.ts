import type { Socket } from 'node:net'

import type { Downstream } from './downstream.ts'

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

/** Asks an endpoint for the TLS that `client` has been promised already; whether it agrees, with nothing after that. */
export async function askedForTls(
  client: Socket,
  server: Socket,
  down: Downstream,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const none = () => resolve(undefined)
  const timer = setTimeout(none, answerMs)
  client.once('close', none)
  server.once('close', none)
  down.divert(resolve)
  server.write(sslRequest)
  const answer = await promise
  clearTimeout(timer)
  client.off('close', none)
  server.off('close', none)
  return answer === agreed
}
