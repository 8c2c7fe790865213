import { networkInterfaces } from 'node:os'

import type { Bound } from './listener.ts'
import type { Own } from './own.ts'

/** What is ourselves, as far as it is known by now; a new object whenever that changes. */
export function ownParts(self: () => string | undefined, ports: readonly number[]) {
  let listeners: Own['listeners'] = []
  let parts: Own | undefined

  return {
    parts(): Own {
      const container = self()
      if (parts?.container !== container || parts?.listeners !== listeners) {
        parts = { listeners, ports, addresses: ownAddresses(), container }
      }
      return parts
    },
    /** The entrypoints are open. */
    listening: (bound: readonly Bound[]): void => {
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
