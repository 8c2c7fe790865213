import type { Fields } from './fields.ts'
import { field, ofOrigin } from './names.ts'

/**
 * Not even a Connection header takes these away: they say where a message goes, where it ends, and where it came from,
 * which is not for the client to hide.
 */
const kept = new Set<number>([field.host, field.contentLength, field.transferEncoding, ...ofOrigin])

/**
 * Reads Connection headers that say more than one word (RFC 9110, 7.6.1): the headers that they name become
 * `field.hop`. Returns whether one of the words is `upgrade`.
 */
export function readOptions(fields: Fields, bytes: Buffer): boolean {
  const named = new Set<string>()
  for (let index = 0; index < fields.count; index++) {
    if (fields.kinds[index] !== field.connection) continue
    for (const word of fields.value(bytes, index).split(',')) named.add(word.trim().toLowerCase())
  }
  if (named.has('close')) fields.close = true
  if (named.has('keep-alive')) fields.keepAlive = true
  let specials = 0
  for (let index = 0; index < fields.count; index++) {
    const kind = fields.kinds[index] ?? field.other
    const start = fields.offsets[4 * index] ?? 0
    const name = bytes.latin1Slice(start, fields.offsets[4 * index + 1]).toLowerCase()
    const goes = named.has(name) && !kept.has(kind) && kind !== field.upgrade
    if (goes) fields.kinds[index] = field.hop
    if (goes || kind !== field.other) fields.special[specials++] = index
  }
  fields.specials = specials
  return named.has('upgrade')
}
