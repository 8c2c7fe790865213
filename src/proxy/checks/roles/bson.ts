/** What a field of a document may be here; of other types only that they are there. */
export type BsonValue = string | number | boolean | null | undefined

/** A document with these fields, all of them 32-bit numbers or texts. */
export function bsonOf(fields: Readonly<Record<string, string | number>>): Buffer {
  const parts = Object.entries(fields).map(([name, value]) => {
    const isText = typeof value === 'string'
    const text = isText ? Buffer.from(`${value}\0`) : Buffer.alloc(0)
    const number = Buffer.alloc(4)
    number.writeInt32LE(isText ? text.length : value)
    return Buffer.concat([Buffer.from([isText ? 2 : 16]), Buffer.from(`${name}\0`), number, text])
  })
  const body = Buffer.concat([...parts, Buffer.from([0])])
  const length = Buffer.alloc(4)
  length.writeInt32LE(body.length + 4)
  return Buffer.concat([length, body])
}

/**
 * The fields of a document (bsonspec.org) in its first level; an ObjectId is its digits, whole numbers of 64 bits are
 * rounded as JavaScript does. Throws a RangeError when it is cut short, an Error for a type that no answer has.
 */
export function fieldsOf(document: Buffer): ReadonlyMap<string, BsonValue> {
  const fields = new Map<string, BsonValue>()
  const end = document.readInt32LE(0) - 1
  if (end >= document.length) throw new RangeError('it is cut short')
  let at = 4
  while (at < end) {
    const type = document.readUInt8(at)
    const stop = document.indexOf(0, at + 1)
    if (stop === -1) throw new RangeError('it ends within a name')
    const name = document.toString('utf8', at + 1, stop)
    const [value, length] = valueAt(document, type, stop + 1)
    fields.set(name, value)
    at = stop + 1 + length
  }
  return fields
}

function valueAt(from: Buffer, type: number, at: number): readonly [BsonValue, number] {
  switch (type) {
    case 1:
      return [from.readDoubleLE(at), 8]
    case 2: {
      const length = sizeAt(from, at)
      return [from.toString('utf8', at + 4, at + 4 + length - 1), 4 + length]
    }
    case 3:
    case 4:
      return [undefined, sizeAt(from, at)]
    case 5:
      return [undefined, 5 + sizeAt(from, at)]
    case 7:
      return [from.toString('hex', at, at + 12), 12]
    case 8:
      return [from.readUInt8(at) === 1, 1]
    case 10:
      return [null, 0]
    case 16:
      return [from.readInt32LE(at), 4]
    case 17:
    case 18:
      return [Number(from.readBigInt64LE(at)), 8]
    case 9:
      return [undefined, 8]
    default:
      throw new Error(`it has a field of type ${type}`)
  }
}

function sizeAt(from: Buffer, at: number): number {
  const size = from.readInt32LE(at)
  if (size < 0 || at + size > from.length) throw new RangeError('it has a field that is too long')
  return size
}
