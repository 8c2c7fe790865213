import { createHash } from 'node:crypto'

import { ProbeRefused } from './answer.ts'
import type { Conversation } from './conversation.ts'
import { errorOf, type Message, message, messageOf } from './postgres-messages.ts'
import { scram } from './scram.ts'

const fileRemedy =
  'name the file with its password: portolan.probe.password-file, and portolan.probe.user if it is not postgres'

/** Answers what the server asks until it lets us in. Rejects with a remedy when it does not. */
export async function letIn(
  conversation: Conversation,
  user: string,
  password: string | undefined,
): Promise<void> {
  for (;;) {
    const { type, body } = await nextOf(conversation)
    // parameters and notices come in between
    if (type !== 'R') continue
    const kind = body.readInt32BE(0)
    if (kind === 0) return
    if (password === undefined) throw new ProbeRefused('it asks for a password', fileRemedy)
    if (kind === 5) {
      const inner = md5(password + user)
      const words = `md5${md5(Buffer.concat([Buffer.from(inner), body.subarray(4, 8)]))}\0`
      conversation.write(message('p', words))
    } else if (kind === 10) {
      await saslLogin(conversation, body.toString('latin1', 4), password)
    } else {
      throw new ProbeRefused(
        kind === 3 ? 'it wants the password as it is, without TLS' : `it asks for login ${kind}`,
        'let the user of the probe log in by scram-sha-256 in its pg_hba.conf',
      )
    }
  }
}

/** The next message that is no error. */
export async function nextOf(conversation: Conversation): Promise<Message> {
  const next = await conversation.take(messageOf)
  if (next.type !== 'E') return next
  const { code, text } = errorOf(next.body)
  const said = `it says: ${text.slice(0, 200)}`
  if (code === '28P01' || code === '28000') {
    throw new ProbeRefused(
      said,
      'let the user of the probe log in, and correct its name or password',
    )
  }
  if (code === '42501') throw new ProbeRefused(said, 'make the user of the probe a pg_monitor')
  throw new Error(said)
}

async function saslLogin(
  conversation: Conversation,
  mechanisms: string,
  password: string,
): Promise<void> {
  const name = 'SCRAM-SHA-256'
  if (!mechanisms.split('\0').includes(name)) throw new Error(`it does not know ${name}`)
  const login = scram(password)
  const length = Buffer.alloc(4)
  length.writeInt32BE(Buffer.byteLength(login.first))
  const first = [Buffer.from(`${name}\0`), length, Buffer.from(login.first)]
  conversation.write(message('p', Buffer.concat(first)))
  conversation.write(message('p', await login.final(await saslText(conversation, 11))))
  login.verify(await saslText(conversation, 12))
}

async function saslText(conversation: Conversation, kind: number): Promise<string> {
  const { type, body } = await nextOf(conversation)
  if (type !== 'R' || body.readInt32BE(0) !== kind) throw new Error('its SCRAM has no such step')
  return body.toString('utf8', 4)
}

function md5(bytes: Buffer | string): string {
  return createHash('md5').update(bytes).digest('hex')
}
