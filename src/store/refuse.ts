import { PortolanError } from '../core/errors.ts'
import { mostChanges } from './plan.ts'
import type { Change } from './store.ts'

/** Throws `store-refused` for what no store takes: too many changes in one transaction, or a key twice. */
export function refuseBadChanges(changes: readonly Change[]): void {
  if (changes.length > mostChanges) {
    throw new PortolanError(
      'store-refused',
      `a transaction of ${changes.length} changes is too long; split it into pieces of ${mostChanges}`,
    )
  }
  const keys = new Set<string>()
  for (const { key } of changes) {
    if (keys.has(key)) {
      throw new PortolanError(
        'store-refused',
        `key ${JSON.stringify(key)} stands twice in one transaction; keep the last change only`,
      )
    }
    keys.add(key)
  }
}

/** What a put under a lease that has ended is answered. */
export function unknownLease(lease: string): PortolanError {
  return new PortolanError(
    'store-refused',
    `lease ${lease} has ended; take a new one and write again`,
  )
}

/** What calls of a store that was disposed of are answered. */
export function closed(name: string): PortolanError {
  return new PortolanError('store-down', `the store ${name} is closed; open it again`)
}
