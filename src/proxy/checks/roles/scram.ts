import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const derived = promisify(pbkdf2)
/** A server could otherwise keep us busy. PostgreSQL's own default is 4096. */
const mostIterations = 200_000

/** SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677), seen from the client. */
export type Scram = {
  readonly first: string
  /** The answer to the server's first message. Rejects when that is none. */
  final(serverFirst: string): Promise<string>
  /** Throws unless the server's last message shows that it knows the password as well. */
  verify(serverFinal: string): void
}

/** PostgreSQL takes the user's name from its startup message. `nonce` is random unless given. */
export function scram(password: string, nonce = randomBytes(18).toString('base64')): Scram {
  const bare = `n=,r=${nonce}`
  let expected: Buffer | undefined

  return {
    first: `n,,${bare}`,
    async final(serverFirst) {
      const [, joint = '', salt = '', count = ''] =
        /^r=([!-+\--~]+),s=([A-Za-z0-9+/=]+),i=(\d{1,9})$/.exec(serverFirst) ?? []
      const iterations = Number(count)
      const isFine = joint.startsWith(nonce) && joint.length > nonce.length
      if (!isFine || iterations < 1 || iterations > mostIterations) {
        throw new Error('its SCRAM challenge is none')
      }
      const words = password.normalize('NFKC')
      const salted = await derived(words, Buffer.from(salt, 'base64'), iterations, 32, 'sha256')
      const clientKey = keyed(salted, 'Client Key')
      const without = `c=biws,r=${joint}`
      const signed = `${bare},${serverFirst},${without}`
      const signature = keyed(createHash('sha256').update(clientKey).digest(), signed)
      expected = keyed(keyed(salted, 'Server Key'), signed)
      const proof = clientKey.map((byte, at) => byte ^ (signature[at] ?? 0))
      return `${without},p=${Buffer.from(proof).toString('base64')}`
    },
    verify(serverFinal) {
      const [, text = ''] = /^v=([A-Za-z0-9+/=]+)/.exec(serverFinal) ?? []
      const given = Buffer.from(text, 'base64')
      if (given.length !== expected?.length || !timingSafeEqual(given, expected)) {
        throw new Error('it does not know the password of its own user')
      }
    },
  }
}

function keyed(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
