import type { HeaderLines } from '../header-lines.ts'

/** Sets the authority's cookies of these names, instead of those of the same names that the service sets. */
export function cookiesInto(
  headers: HeaderLines,
  cookies: readonly string[],
  names: readonly string[],
): void {
  const isMeant = (cookie: string) => names.includes(nameOf(cookie))
  const others = headers.all('set-cookie').filter((cookie) => !isMeant(cookie))
  headers.remove('set-cookie')
  for (const cookie of [...others, ...cookies.filter(isMeant)]) headers.append('Set-Cookie', cookie)
}

function nameOf(cookie: string): string {
  return (cookie.split('=')[0] ?? '').trim()
}
