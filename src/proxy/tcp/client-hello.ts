import { normalHost } from '../../core/rule/host.ts'
import { bytesReader, type BytesReader, type Slice } from './slices.ts'

/** What a TLS client says before anything is encrypted. */
export type ClientHello = {
  /** As `normalHost` gives it; undefined for a client that names no server. */
  readonly name: string | undefined
  /** ALPN, in the client's order. */
  readonly protocols: readonly string[]
}

const serverName = 0
const alpn = 16

/**
 * Reads the body of a ClientHello (RFC 8446 4.1.2, RFC 6066 3, RFC 7301 3.1), every length of which has to fit.
 * Extensions that are of no interest (GREASE, key shares, ECH: then the name is the outer one) are stepped over. Gives
 * a text for what is wrong with it.
 */
export function readClientHello(body: Buffer): ClientHello | string {
  const reader = bytesReader(body)
  const start = reader.pass(2 + 32) && sized(reader.vector8(), 0, 32)
  const ciphers = reader.vector16()
  if (!start || !sized(ciphers, 2, 65_534) || ciphers.length % 2 !== 0) return 'a bad head'
  if (!sized(reader.vector8(), 1, 255)) return 'bad compression methods'
  // before TLS 1.2 there were none
  if (reader.isEmpty()) return { name: undefined, protocols: [] }
  const extensions = reader.vector16()
  if (!extensions || !reader.isEmpty()) return 'extensions of a wrong length'
  return readExtensions(bytesReader(extensions))
}

function readExtensions(reader: BytesReader): ClientHello | string {
  let name: string | undefined
  let protocols: readonly string[] | undefined
  while (!reader.isEmpty()) {
    const type = reader.number16()
    const content = reader.vector16()
    if (type === undefined || !content) return 'an extension of a wrong length'
    if (type === serverName) {
      const read = name === undefined ? nameIn(bytesReader(content)) : undefined
      if (read === undefined) return 'a bad server name'
      name = read
    }
    if (type === alpn) {
      const read = protocols === undefined ? protocolsIn(bytesReader(content)) : undefined
      if (!read) return 'a bad list of protocols'
      protocols = read
    }
  }
  return { name, protocols: protocols ?? [] }
}

/** Exactly one name, of the only type there is. */
function nameIn(reader: BytesReader): string | undefined {
  const list = reader.vector16()
  if (!list || !reader.isEmpty()) return undefined
  const names = bytesReader(list)
  const type = names.number8()
  const name = names.vector16()
  if (type !== 0 || !name || !names.isEmpty()) return undefined
  const text = name.toString('latin1')
  return /^[\w.-]{1,255}$/.test(text) ? normalHost(text) : undefined
}

function protocolsIn(reader: BytesReader): readonly string[] | undefined {
  const list = reader.vector16()
  if (!list || list.length === 0 || !reader.isEmpty()) return undefined
  const protocols: string[] = []
  const names = bytesReader(list)
  while (!names.isEmpty()) {
    const name = names.vector8()
    if (!name || name.length === 0) return undefined
    protocols.push(name.toString('latin1'))
  }
  return protocols
}

function sized(vector: Slice, least: number, most: number): vector is Buffer {
  return vector !== undefined && vector.length >= least && vector.length <= most
}
