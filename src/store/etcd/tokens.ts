import { Metadata } from '@grpc/grpc-js'

import type { Endpoint } from './endpoint.ts'
import { authenticate } from './methods.ts'
import { unary } from './unary.ts'

export type User = { readonly name: string; readonly password: string }

/** The token that etcd gave our user. It ends after a while (300 s by default): forget it then. */
export type Tokens = {
  /** Undefined without a user, or when etcd runs without authentication. Rejects as `unary`. */
  get(endpoint: Endpoint): Promise<string | undefined>
  readonly forget: () => void
}

export function createTokens(user: User | undefined): Tokens {
  let known: Promise<string | undefined> | undefined
  if (!user) return { get: async () => undefined, forget() {} }

  return {
    get(endpoint) {
      if (known) return known
      const asked = logIn(user, endpoint)
      known = asked
      // a failure is told to those who wait now, and the next one tries again
      asked.catch(() => {
        if (known === asked) known = undefined
      })
      return asked
    },
    forget() {
      known = undefined
    },
  }
}

async function logIn({ name, password }: User, endpoint: Endpoint) {
  // several calls may wait for this answer, so none of their signals ends it
  const { signal } = new AbortController()
  const where = { endpoint, metadata: new Metadata(), timeoutMs: 2000, signal }
  try {
    return (await unary(authenticate, { name, password }, where)).token
  } catch (error) {
    if (error instanceof Error && /authentication is not enabled/.test(error.message)) return
    throw error
  }
}
