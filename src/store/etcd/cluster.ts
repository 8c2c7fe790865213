import { Metadata } from '@grpc/grpc-js'

import { closed } from '../refuse.ts'
import { createEndpoint, type Endpoint, type Tls } from './endpoint.ts'
import { createTokens, type User } from './tokens.ts'

export type ClusterOptions = {
  readonly endpoints: readonly string[]
  readonly tls?: Tls | undefined
  readonly user?: User | undefined
}

/** The members of an etcd cluster: one of them is in use until it fails, then the next one is. */
export type Cluster = {
  readonly name: string
  /** The endpoint in use. Throws `store-down` once closed. */
  current(): Endpoint
  /** Turns to the next endpoint, unless somebody already has. `hung`: its connection may be dead. */
  leave(endpoint: Endpoint, hung: boolean): void
  /** What goes with each call to `endpoint`: the user's token, and the wish to be told of a lost leader. */
  metadata(endpoint: Endpoint): Promise<Metadata>
  /** Logs in again before the next call. */
  readonly forgetToken: () => void
  /** How many endpoints a call may ask. */
  readonly tries: number
  close(): void
}

export function createCluster({ endpoints, tls, user }: ClusterOptions): Cluster {
  const all = endpoints.map((name) => createEndpoint(name, tls))
  const name = endpoints.join(',')
  const tokens = createTokens(user)
  let inUse = 0
  let isClosed = false

  const current = () => {
    const endpoint = all[inUse % all.length]
    if (isClosed || !endpoint) throw closed(name)
    return endpoint
  }
  const leave = (endpoint: Endpoint, hung: boolean) => {
    if (isClosed) return
    if (hung) endpoint.renew()
    if (endpoint === current()) inUse++
  }
  const metadata = async (endpoint: Endpoint) => {
    const token = await tokens.get(endpoint)
    const fields = new Metadata()
    // without it a member that lost its leader keeps silent instead of failing
    fields.set('hasleader', 'true')
    if (token !== undefined) fields.set('token', token)
    return fields
  }

  return {
    name,
    current,
    leave,
    metadata,
    forgetToken: tokens.forget,
    tries: Math.min(3, all.length),
    close() {
      isClosed = true
      for (const endpoint of all) endpoint.renew()
    },
  }
}
