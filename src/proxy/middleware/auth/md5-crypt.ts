import { createHash } from 'node:crypto'

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** In which order the digest's bytes are written, three to four characters. */
const order = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const

/** Poul-Henning Kamp's password hash: `$apr1$` as Apache writes it, `$1$` as crypt(3) does. */
export function md5Crypt(password: Buffer, magic: '$apr1$' | '$1$', salt: string): string {
  const salted = Buffer.from(salt.slice(0, 8), 'latin1')
  const inner = md5(password, salted, password)
  const parts: Buffer[] = [password, Buffer.from(magic), salted]
  for (let left = password.length; left > 0; left -= 16)
    parts.push(inner.subarray(0, Math.min(16, left)))
  for (let bits = password.length; bits > 0; bits >>= 1) {
    parts.push(bits % 2 === 1 ? Buffer.alloc(1) : password.subarray(0, 1))
  }
  let digest = md5(...parts)
  for (let round = 0; round < 1000; round++) {
    const odd = round % 2 === 1
    digest = md5(
      odd ? password : digest,
      round % 3 === 0 ? Buffer.alloc(0) : salted,
      round % 7 === 0 ? Buffer.alloc(0) : password,
      odd ? digest : password,
    )
  }
  return `${magic}${salted.toString('latin1')}$${written(digest)}`
}

function md5(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('md5')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function written(digest: Buffer): string {
  const at = (index: number) => digest[index] ?? 0
  const groups = order.map(([a, b, c]) => letters((at(a) << 16) | (at(b) << 8) | at(c), 4))
  return `${groups.join('')}${letters(at(11), 2)}`
}

function letters(bits: number, count: number): string {
  let text = ''
  for (let at = 0; at < count; at++) text += alphabet[(bits >> (6 * at)) & 63] ?? ''
  return text
}
