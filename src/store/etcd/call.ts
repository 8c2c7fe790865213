import type { Cluster } from './cluster.ts'
import { isHang, storeError, verdictOf } from './errors.ts'
import type { Try } from './unary.ts'

export type CallOptions = {
  /** How long one endpoint may take; 2 s unless given. */
  readonly timeoutMs?: number
  /** False for what must not happen twice when an answer got lost: only one endpoint is asked. */
  readonly repeatable?: boolean
}

/**
 * Makes a call, if need be at several endpoints of `cluster`, and once more when our token has expired. Rejects with
 * `store-down`, `store-refused` or `compacted`, or the signal's reason.
 */
export async function call<Answer>(
  cluster: Cluster,
  attempt: (where: Try) => Promise<Answer>,
  { timeoutMs = 2000, repeatable = true }: CallOptions,
  signal: AbortSignal,
): Promise<Answer> {
  let tries = repeatable ? cluster.tries : 1
  let logins = 1
  for (;;) {
    signal.throwIfAborted()
    const endpoint = cluster.current()
    try {
      const metadata = await cluster.metadata(endpoint)
      return await attempt({ endpoint, metadata, timeoutMs, signal })
    } catch (error) {
      signal.throwIfAborted()
      const verdict = verdictOf(error)
      if (verdict === 'leave') cluster.leave(endpoint, isHang(error))
      // a call that etcd refused for its token has not happened
      if (verdict === 'token') cluster.forgetToken()
      const again = verdict === 'token' ? logins-- > 0 : verdict === 'leave' && --tries > 0
      if (!again) throw storeError(error, endpoint.name)
    }
  }
}
