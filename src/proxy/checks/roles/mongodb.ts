import type { Place } from '../found.ts'
import type { RoleAnswer } from './answer.ts'
import { bsonOf, type BsonValue, fieldsOf } from './bson.ts'
import { converse, type Parsed } from './conversation.ts'

const opMsg = 2013
const headLength = 16
/** Flags of 32 bits, and the kind of the only section. */
const beforeBody = 5
const mostBytes = 64 * 1024

/** Asks MongoDB by `hello`, for which nobody has to log in. Rejects when it does not answer. */
export async function probeMongo(place: Place, signal: AbortSignal): Promise<RoleAnswer> {
  return converse(place, signal, async (conversation) => {
    conversation.write(question())
    return answerOf(fieldsOf(await conversation.take(bodyOf)))
  })
}

function question(): Buffer {
  const body = bsonOf({ hello: 1, $db: 'admin' })
  const head = Buffer.alloc(headLength + beforeBody)
  head.writeInt32LE(head.length + body.length, 0)
  head.writeInt32LE(1, 4)
  head.writeInt32LE(opMsg, 12)
  return Buffer.concat([head, body])
}

/** The document of an OP_MSG. */
function bodyOf(bytes: Buffer): Parsed<Buffer> {
  if (bytes.length < headLength) return undefined
  const length = bytes.readInt32LE(0)
  const isFine = length > headLength + beforeBody && length <= mostBytes
  if (!isFine || bytes.readInt32LE(12) !== opMsg) {
    throw new Error('it does not speak as MongoDB does')
  }
  if (bytes.length < length) return undefined
  return { value: bytes.subarray(headLength + beforeBody, length), length }
}

/** What an answer to `hello` says, by the rules of Server Discovery and Monitoring. Pure. */
export function answerOf(fields: ReadonlyMap<string, BsonValue>): RoleAnswer {
  if (fields.get('ok') !== 1) {
    const said = fields.get('errmsg')
    throw new Error(`it says ${typeof said === 'string' ? said.slice(0, 200) : 'no'}`)
  }
  if (fields.get('msg') === 'isdbgrid') return { role: 'other', why: 'it is a mongos' }
  const set = fields.get('setName')
  const isPrimary = fields.get('isWritablePrimary') === true
  if (typeof set !== 'string') {
    if (isPrimary) return { role: 'primary', why: 'it is a server of its own' }
    return { role: 'other', why: 'it is no member of a replica set yet' }
  }
  if (isPrimary) return primaryOf(set, fields)
  if (fields.get('secondary') === true)
    return { role: 'replica', why: `it is a secondary of ${set}` }
  const isArbiter = fields.get('arbiterOnly') === true
  return {
    role: 'other',
    why: `it is ${isArbiter ? 'an arbiter' : 'neither primary nor secondary'} of ${set}`,
  }
}

/** Since 6.0 (wire version 17) elections come before versions of the set, until then after them. */
function primaryOf(set: string, fields: ReadonlyMap<string, BsonValue>): RoleAnswer {
  const election = fields.get('electionId')
  const version = fields.get('setVersion')
  const why = `it is the primary of ${set}`
  if (typeof election !== 'string' || typeof version !== 'number') return { role: 'primary', why }
  const digits = String(version).padStart(10, '0')
  const isNew = Number(fields.get('maxWireVersion') ?? 0) >= 17
  const count = isNew ? `${election} ${digits}` : `${digits} ${election}`
  const words = `election ${election.replace(/^7f{7}0*/, '')}`
  return {
    role: 'primary',
    why: `${why}, ${words}`,
    term: { kind: 'counted', history: `${set} ${isNew ? 'elections' : 'versions'}`, count, words },
  }
}
