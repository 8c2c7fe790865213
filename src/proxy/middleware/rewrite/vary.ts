import type { HeaderLines } from '../header-lines.ts'

/** Adds a name to Vary, unless it stands there. */
export function addVary(headers: HeaderLines, name: string): void {
  const before = headers.get('vary') ?? ''
  const names = before.split(',').map((one) => one.trim().toLowerCase())
  if (names.includes('*') || names.includes(name.toLowerCase())) return
  headers.set('Vary', before === '' ? name : `${before}, ${name}`)
}
