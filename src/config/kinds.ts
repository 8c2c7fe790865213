import { isIP } from 'node:net'

import { durationMs, formatDuration } from '../core/duration.ts'
import { PortolanError } from '../core/errors.ts'

/** Reads the text of a setting. Throws `bad-value`; the message repeats the text and says what to write. */
export type Read<T> = (text: string) => T

/** Where to listen; an empty host is every address of the machine, IPv4 and IPv6. */
export type Listen = { readonly host: string; readonly port: number }
/** Where the admin server is, and what lets others than this machine write. */
export type AdminAt = Listen & { readonly tokenFile: string | undefined }
export type NamedListen = Listen & { readonly name: string }

/** A share of requests, 0 to 1. */
export type AccessLog =
  | { readonly kind: 'off' | 'errors' | 'all' }
  | { readonly kind: 'share'; readonly share: number }

/** Any text but none. */
export const words: Read<string> = (text) => text

/** undefined for an empty text: the setting was not made. */
export function optional<T>(read: Read<T>): Read<T | undefined> {
  return (text) => (text === '' ? undefined : read(text))
}

/** undefined for `off`. */
export function orOff<T>(read: Read<T>): Read<T | undefined> {
  return (text) => (text === 'off' ? undefined : read(text))
}

/** Values between commas; spaces around them and empty ones don't count. */
export function list<T>(read: Read<T>): Read<readonly T[]> {
  return (text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map(read)
}

export function oneOf<const T extends string>(...choices: readonly T[]): Read<T> {
  return (text) => {
    const found = choices.find((choice) => choice === text)
    if (found === undefined) throw wrong(text, 'is not known', choices.join(', '))
    return found
  }
}

/** Milliseconds, at least `leastMs`. */
export function duration(leastMs: number): Read<number> {
  return (text) => {
    const ms = durationMs(text)
    if (ms >= leastMs) return ms
    throw wrong(text, 'is too short', `${formatDuration(leastMs)} or more`)
  }
}

/** `cores`, or how many. */
export const workers: Read<'cores' | number> = (text) => {
  if (text === 'cores') return text
  const count = /^\d+$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= 1024) return count
  throw wrong(text, 'is not a number of workers', 'cores, or a number from 1 to 1024')
}

/** `auto`, or bytes, which `k`, `m` and `g` multiply. Undefined for `auto`. */
export const buffers: Read<number | undefined> = (text) => {
  if (text === 'auto') return undefined
  const [, digits = '', unit = ''] = /^(\d{1,9})\s?(?:([kmg])(?:i?b)?)?$/i.exec(text) ?? []
  const bytes = Number(digits) * 1024 ** ['', 'k', 'm', 'g'].indexOf(unit.toLowerCase())
  if (bytes >= 1024 ** 2) return bytes
  throw wrong(text, 'is not a size of 1m or more', 'auto, or a size such as 256m')
}

export const portNumber: Read<number> = (text) => {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (number >= 1 && number <= 65_535) return number
  throw wrong(text, 'is no port', 'a number from 1 to 65535')
}

export const yesNo: Read<boolean> = (text) => {
  if (/^(true|yes|on|1)$/i.test(text)) return true
  if (/^(false|no|off|0)$/i.test(text)) return false
  throw wrong(text, 'is neither yes nor no', 'true or false')
}

/** `:8080`, `127.0.0.1:8070`, `[::1]:80`, `localhost:8080`. Port 0 lets the system choose. */
export const listen: Read<Listen> = (text) => {
  const [, six, name = '', digits] = /^(?:\[([^\]]*)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits ?? -1)
  const known = six === undefined ? isHost(name) : isIP(six) === 6
  if (known && port >= 0 && port <= 65_535) return { host: six ?? name, port }
  throw wrong(text, 'is not an address to listen on', ':8080, 127.0.0.1:8080 or [::1]:8080')
}

/** A name of letters, digits, `-`, `_`, `.`, or an IPv4 address that is one; empty is every address. */
function isHost(text: string): boolean {
  if (/^[\d.]+$/.test(text)) return isIP(text) === 4
  return /^[\w.-]*$/.test(text)
}

/** `postgres=:5432` */
export const namedListen: Read<NamedListen> = (text) => {
  const [, name, address] = /^([a-z][a-z0-9_-]*)=(.+)$/i.exec(text) ?? []
  if (name === undefined || address === undefined) {
    throw wrong(text, 'is not a named address', 'NAME=:PORT, such as postgres=:5432')
  }
  return { name, ...listen(address) }
}

/** A range such as `10.0.0.0/8`, or one address. Gives it as `ip/bits`. */
export const range: Read<string> = (text) => {
  const [, ip = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(ip)
  const most = version === 6 ? 128 : 32
  const full = Number(bits ?? most)
  if (version === 0 || full > most) {
    throw wrong(text, 'is not a range of addresses', '10.0.0.0/8, fd00::/8 or one address')
  }
  return `${ip}/${full}`
}

/** The root of a tree of keys: begins with `/`, and has no empty part. */
export const keyPrefix: Read<string> = (text) => {
  if (/^(\/[^/\s]+)+$/.test(text)) return text
  throw wrong(text, 'is not the root of a key tree', 'it as /name or /name/name')
}

/** A host name that others hang under; DNS (RFC 1123), lower case. */
export const domain: Read<string> = (text) => {
  const name = text.toLowerCase().replace(/\.$/, '')
  const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
  if (name.length <= 190 && name.split('.').every((part) => label.test(part))) return name
  throw wrong(text, 'is not a domain', 'it as localhost or apps.example.com')
}

/** A node's name, which becomes part of keys. */
export const nodeName: Read<string> = (text) => {
  if (/^[\w][\w.-]{0,252}$/.test(text)) return text
  throw wrong(text, 'is not a node name', "letters, digits, '-', '_' and '.' only")
}

/** An address or name without scheme or port; IPv6 with or without brackets. */
export const host: Read<string> = (text) => {
  const bare = text.replace(/^\[(.*)\]$/, '$1')
  if (isIP(bare) !== 0 || (bare !== '' && isHost(bare))) return bare
  throw wrong(text, 'is not an address', 'an IP address or a host name, without scheme and port')
}

/** `auto` is `pretty` when people look on, which is when standard error is a terminal. */
export const logFormat: Read<'json' | 'pretty'> = (text) => {
  const format = oneOf('auto', 'json', 'pretty')(text)
  if (format === 'auto') return process.stderr.isTTY ? 'pretty' : 'json'
  return format
}

/** `off`, `errors`, `all`, or a share such as `1%`. */
export const accessLog: Read<AccessLog> = (text) => {
  if (text === 'off' || text === 'errors' || text === 'all') return { kind: text }
  const percent = Number(/^(\d+(?:\.\d+)?)%$/.exec(text)?.[1] ?? -1)
  if (percent >= 0 && percent <= 100) return { kind: 'share', share: percent / 100 }
  throw wrong(text, 'is not known', 'off, errors, all, or a share such as 1%')
}

function wrong(text: string, what: string, write: string): PortolanError {
  return new PortolanError('bad-value', `${JSON.stringify(text)} ${what}; write ${write}`)
}
