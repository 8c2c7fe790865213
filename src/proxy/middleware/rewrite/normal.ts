import { normalPath } from '../../paths.ts'

/**
 * A path as middlewares make it, in the one form that is routed and forwarded: with a leading slash, all that has no
 * place in a path escaped, dot segments resolved.
 */
export function madePath(text: string): string {
  const path = text.startsWith('/') ? text : `/${text}`
  const escaped = path
    .replaceAll(/%(?![0-9a-fA-F]{2})/g, '%25')
    // RFC 3986, 3.3: pchar and the slash
    .replaceAll(/[^A-Za-z0-9._~!$&'()*+,;=:@%/-]+/gu, escapedText)
  return normalPath(escaped)
}

/** A URL that can stand in a Location header, whatever it is made of. */
export function madeLocation(text: string): string {
  return text.replaceAll(/[^!-~]+/gu, escapedText)
}

function escapedText(text: string): string {
  const bytes = [...Buffer.from(text, 'utf8')]
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}
