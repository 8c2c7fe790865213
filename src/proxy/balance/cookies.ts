import type { Asking } from './rotation.ts'

/** The value of the first cookie of a request that is called `name`. */
export function cookieOf(asking: Asking, name: string): string | undefined {
  return cookieIn(asking.headers('cookie').join('; '), name)
}

/** The value of the first cookie called `name` in a Cookie header (RFC 6265, 4.2.1), as it stands there. */
export function cookieIn(header: string, name: string): string | undefined {
  for (let from = 0; from < header.length;) {
    const semicolon = header.indexOf(';', from)
    const end = semicolon < 0 ? header.length : semicolon
    while (header[from] === ' ') from++
    if (header.startsWith(name, from) && header[from + name.length] === '=') {
      return header.slice(from + name.length + 1, end).trimEnd()
    }
    from = end + 1
  }
  return undefined
}
