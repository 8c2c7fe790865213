import type { Parsed } from './conversation.ts'

/** One message of PostgreSQL's protocol 3.0: its type, and what follows its length. */
export type Message = { readonly type: string; readonly body: Buffer }

const version = 196_608
const mostBody = 64 * 1024

/** The first message of a connection, which has no type. */
export function startup(user: string, database: string): Buffer {
  const words = ['user', user, 'database', database, 'application_name', 'portolan-probe', '', '']
  const text = Buffer.from(words.join('\0'))
  const head = Buffer.alloc(8)
  head.writeInt32BE(text.length + 8, 0)
  head.writeInt32BE(version, 4)
  return Buffer.concat([head, text])
}

export function message(type: string, body: Buffer | string): Buffer {
  const bytes = Buffer.from(body)
  const head = Buffer.alloc(5)
  head.write(type, 'latin1')
  head.writeInt32BE(bytes.length + 4, 1)
  return Buffer.concat([head, bytes])
}

export function messageOf(bytes: Buffer): Parsed<Message> {
  if (bytes.length < 5) return undefined
  const length = bytes.readInt32BE(1)
  if (length < 4 || length > mostBody) throw new Error('it does not speak as PostgreSQL does')
  if (bytes.length < length + 1) return undefined
  const value = { type: bytes.toString('latin1', 0, 1), body: bytes.subarray(5, length + 1) }
  return { value, length: length + 1 }
}

/** Of an ErrorResponse: its SQLSTATE, and what it says. */
export function errorOf(body: Buffer): { readonly code: string; readonly text: string } {
  const fields = new Map(
    body
      .toString()
      .split('\0')
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  )
  return { code: fields.get('C') ?? '', text: fields.get('M') ?? 'an error without words' }
}

/** The values of a DataRow in text form. Throws when it is cut short. */
export function valuesOf(body: Buffer): readonly (string | null)[] {
  let at = 2
  return Array.from({ length: body.readUInt16BE(0) }, () => {
    const length = body.readInt32BE(at)
    at += 4
    if (length < 0) return null
    at += length
    if (at > body.length) throw new Error('it sends a row that is cut short')
    return body.toString('utf8', at - length, at)
  })
}
