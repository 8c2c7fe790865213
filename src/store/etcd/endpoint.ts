import { isIP } from 'node:net'
import { checkServerIdentity } from 'node:tls'

import { type ChannelCredentials, type ChannelOptions, Client, credentials } from '@grpc/grpc-js'

/** PEM texts. Without `ca` the authorities that Node knows are trusted. */
export type Tls = { readonly ca?: string; readonly cert?: string; readonly key?: string }

/** One member of the cluster, by its address. */
export type Endpoint = {
  /** `host:port` */
  readonly name: string
  /** Connects when it is first used. */
  client(): Client
  /** Forgets the connection, because nothing came through it: the next use makes another one. */
  renew(): void
}

const options: ChannelOptions = {
  // etcd hangs up on clients that ping more often than each 5 s
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 500,
  // the default of 4 MiB loses what does not fit
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  // else renewing would find the same dead connection again
  'grpc.use_local_subchannel_pool': 1,
  // http_proxy is often set in containers, and etcd is never behind it
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_retries': 0,
}

export function createEndpoint(name: string, tls: Tls | undefined): Endpoint {
  const host = name.slice(0, name.lastIndexOf(':')).replace(/^\[|\]$/g, '')
  const secret = tls ? secure(host, tls) : credentials.createInsecure()
  // Node refuses addresses as TLS server names (RFC 6066, 3): any name will do, `secure` checks the address
  const named = tls && isIP(host) ? { 'grpc.ssl_target_name_override': 'etcd' } : {}
  let client: Client | undefined
  return {
    name,
    client() {
      client ??= new Client(name, secret, { ...options, ...named })
      return client
    },
    renew() {
      client?.close()
      client = undefined
    },
  }
}

function secure(host: string, { ca, cert, key }: Tls): ChannelCredentials {
  const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text))
  return credentials.createSsl(pem(ca), pem(key), pem(cert), {
    checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
  })
}
