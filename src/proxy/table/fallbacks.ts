import type { TableRoute } from './route.ts'

/**
 * The endpoints of a fallback stand in the table as a route on an entrypoint of their own, which no listener has: so
 * they are followed, fed and forgotten as all others. No name of an entrypoint or of a hand-written route begins with a space.
 */
export function fallbackEntrypoint(service: string, fallback: string): string {
  return `  fallback ${service} ${fallback}`
}

export function isFallback({ entrypoint }: Pick<TableRoute, 'entrypoint'>): boolean {
  return entrypoint.startsWith(' ')
}
