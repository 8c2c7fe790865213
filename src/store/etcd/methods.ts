import { join } from 'node:path'

import { loadSync } from '@grpc/proto-loader'
import { z } from 'zod'

/** A call that etcd offers: where it is, and how its messages are written and read. */
export type Method<Answer> = {
  readonly path: string
  readonly serialize: (request: object) => Buffer
  readonly deserialize: (bytes: Buffer) => Answer
}

// int64 comes as text: lease ids are larger than a number holds exactly, revisions are not
const revision = z.string().transform(Number)

const header = z.object({ clusterId: z.string(), revision, raftTerm: revision })
const keyValue = z.object({
  key: z.string(),
  value: z.string(),
  lease: z.string(),
  modRevision: revision,
})
const event = z.object({ type: z.enum(['PUT', 'DELETE']), kv: keyValue })
const rangeAnswer = z.object({
  header: header.nullable(),
  kvs: z.array(keyValue),
  more: z.boolean(),
})
const txnAnswer = z.object({
  header,
  succeeded: z.boolean(),
  responses: z.array(z.object({ responseRange: rangeAnswer.optional() })),
})
const watchAnswer = z.object({
  header,
  created: z.boolean(),
  canceled: z.boolean(),
  compactRevision: revision,
  cancelReason: z.string(),
  events: z.array(event),
})
const leaseAnswer = z.object({ ID: z.string(), TTL: z.string().transform(Number) })

export type Header = z.infer<typeof header>
export type KeyValue = z.infer<typeof keyValue>
export type TxnAnswer = z.infer<typeof txnAnswer>
export type WatchAnswer = z.infer<typeof watchAnswer>

const definitions = loadSync(join(import.meta.dirname, 'rpc.proto'), {
  defaults: true,
  enums: String,
  longs: String,
  oneofs: true,
})

export const range = method('KV', 'Range', rangeAnswer.extend({ header }))
export const txn = method('KV', 'Txn', txnAnswer)
export const watch = method('Watch', 'Watch', watchAnswer)
export const leaseGrant = method('Lease', 'LeaseGrant', leaseAnswer)
export const leaseRevoke = method('Lease', 'LeaseRevoke', z.object({}))
export const leaseKeepAlive = method('Lease', 'LeaseKeepAlive', leaseAnswer)
export const authenticate = method('Auth', 'Authenticate', z.object({ token: z.string() }))

function method<Answer>(service: string, name: string, answer: z.ZodType<Answer>): Method<Answer> {
  const definition = definitions[`etcdserverpb.${service}`]
  const found = definition && !('format' in definition) ? definition[name] : undefined
  if (!found || typeof found === 'function') throw new Error(`rpc.proto has no ${service}.${name}`)
  return {
    path: found.path,
    serialize: (request) => found.requestSerialize(request),
    deserialize: (bytes) => answer.parse(found.responseDeserialize(bytes)),
  }
}
