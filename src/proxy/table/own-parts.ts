import { networkInterfaces } from 'node:os'

import type { Bound } from '../listener.ts'
import type { Own } from './own.ts'

/** What is ourselves, as far as it is known by now; a new object whenever that changes. */
export function ownParts(self: () => string | undefined, ports: readonly number[]) {
  let listeners: Own['listeners'] = []
  let waiting: readonly string[] = []
  let parts: Own | undefined

  return {
    parts(): Own {
      const container = self()
      if (parts?.container !== container || parts?.listeners !== listeners) {
        parts = { listeners, waiting, ports, addresses: ownAddresses(), container }
      }
      return parts
    },
    /** The entrypoints are open, but for those that wait for a certificate. */
    listening: (bound: readonly Bound[], needy: readonly string[] = []): void => {
      waiting = needy
      listeners = bound.map(({ entrypoint, kind, address, port }) => ({
        entrypoint,
        kind,
        host: address,
        port,
      }))
    },
  }
}

function ownAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return new Set(all.map(({ address }) => address))
}
