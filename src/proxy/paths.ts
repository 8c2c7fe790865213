const unreserved = /[A-Za-z0-9._~-]/

/**
 * The path by which requests are routed *and* forwarded, one string for both: escapes of unreserved characters are
 * decoded (RFC 3986, 6.2.2.2), dot segments are resolved (5.2.4). All else stays as the client wrote it.
 */
export function normalPath(path: string): string {
  const decoded = path.includes('%') ? path.replaceAll(/%([0-9a-fA-F]{2})/g, unescaped) : path
  return decoded.includes('/.') ? withoutDots(decoded) : decoded
}

/**
 * `/api/x` without the first prefix that fits, best one that ends with a segment: of `/a` and `/api` the second. Never
 * without the leading slash.
 */
export function strippedPath(
  path: string,
  prefixes: readonly string[],
): { readonly path: string; readonly prefix: string } {
  const fitting = prefixes
    .filter((one) => path.startsWith(one))
    .map((one) => one.replace(/\/$/, ''))
  const whole = fitting.find((one) => path.length === one.length || path[one.length] === '/')
  const prefix = whole ?? fitting[0] ?? ''
  const rest = path.slice(prefix.length)
  return { prefix, path: rest.startsWith('/') ? rest : `/${rest}` }
}

function unescaped(escape: string, hex: string): string {
  const character = String.fromCodePoint(Number.parseInt(hex, 16))
  return unreserved.test(character) ? character : escape
}

function withoutDots(path: string): string {
  const segments = path.split('/')
  const last = segments.at(-1)
  const kept: string[] = []
  for (const segment of segments) {
    if (segment === '..') {
      if (kept.length > 1) kept.pop()
    } else if (segment !== '.') {
      kept.push(segment)
    }
  }
  if (last === '.' || last === '..') kept.push('')
  return kept.length > 1 ? kept.join('/') : '/'
}
