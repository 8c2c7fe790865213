import { movedTo } from './answers.ts'
import type { Front } from './front.ts'
import type { Life } from './life.ts'

/** Who gives out certificates asks here without TLS (RFC 8555, 8.3). */
const challenges = '/.well-known/acme-challenge/'

/** Sends the client of an exchange to https, if that is where it is to be. */
export function redirected(exchange: Life, front: Front): boolean {
  const { asked, engine } = exchange
  const isSecure = front.scheme === 'https' || asked.cameByTls
  if (isSecure || asked.path.startsWith(challenges)) return false
  const place = engine.secured(asked.host)
  if (place === undefined) return false
  exchange.answer(movedTo(`${place}${asked.path}${asked.search}`, asked.verb))
  return true
}
