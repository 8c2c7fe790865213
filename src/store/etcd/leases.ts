import type { Store } from '../store.ts'
import { call } from './call.ts'
import type { Cluster } from './cluster.ts'
import { verdictOf } from './errors.ts'
import { leaseGrant, leaseKeepAlive, leaseRevoke } from './methods.ts'
import { once, unary } from './unary.ts'

/**
 * The part of a store that is about leases. A renewal gives each endpoint a sixth of the lease's time, so that a
 * second and a third one can be asked while it lives.
 */
export function createLeases(cluster: Cluster): Pick<Store, 'grant' | 'keepAlive' | 'revoke'> {
  const granted = new Map<string, number>()

  return {
    async grant(ttlSeconds, signal) {
      const request = { TTL: String(Math.ceil(ttlSeconds)) }
      const { ID: id, TTL } = await call(
        cluster,
        (where) => unary(leaseGrant, request, where),
        {},
        signal,
      )
      granted.set(id, TTL)
      return { id, ttlSeconds: TTL }
    },
    async keepAlive(lease, signal) {
      const timeoutMs = Math.min(2000, ((granted.get(lease) ?? 12) * 1000) / 6)
      const renew = { ID: lease }
      const { TTL } = await call(
        cluster,
        (where) => once(leaseKeepAlive, renew, where),
        { timeoutMs },
        signal,
      )
      // etcd leaves the field out for a lease that it does not know
      if (TTL <= 0) granted.delete(lease)
      return Math.max(0, TTL)
    },
    async revoke(lease, signal) {
      granted.delete(lease)
      const end = { ID: lease }
      await call(
        cluster,
        (where) =>
          unary(leaseRevoke, end, where).catch((error: unknown) => {
            if (!isUnknown(error)) throw error
          }),
        {},
        signal,
      )
    },
  }
}

/** "requested lease not found": it has ended before, which is what was wanted. */
function isUnknown(error: unknown): boolean {
  return (
    verdictOf(error) === 'refused' &&
    error instanceof Error &&
    /lease not found/.test(error.message)
  )
}
