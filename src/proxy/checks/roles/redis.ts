import type { Place } from '../found.ts'
import { ProbeRefused, type RoleAnswer } from './answer.ts'
import { type Conversation, converse, type Parsed } from './conversation.ts'
import type { Login } from './login.ts'

/** Asks Redis, or what speaks as it does, by `INFO`. Rejects when it does not answer. */
export async function probeRedis(
  place: Place,
  { user, password }: Login,
  signal: AbortSignal,
): Promise<RoleAnswer> {
  return converse(place, signal, async (conversation) => {
    if (password !== undefined) {
      await command(conversation, ['AUTH', ...(user === undefined ? [] : [user]), password])
    }
    return answerOf(fieldsOf(await command(conversation, ['INFO'])), Date.now())
  })
}

async function command(to: Conversation, words: readonly string[]): Promise<string> {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
  to.write(`*${words.length}\r\n${parts.join('')}`)
  const reply = await to.take(replyOf)
  if (!reply.startsWith('-')) return reply.slice(1)
  throw refusal(reply.slice(1))
}

/** A reply of RESP with its kind before it: a line, an error or a text. */
export function replyOf(bytes: Buffer): Parsed<string> {
  const end = bytes.indexOf('\r\n')
  if (end === -1 && bytes.length < 1024) return undefined
  const line = bytes.toString('utf8', 0, end)
  if (/^[+-]/.test(line)) return { value: line, length: end + 2 }
  const [, digits] = /^\$(\d{1,9})$/.exec(line) ?? []
  if (digits === undefined) throw new Error('it does not speak as Redis does')
  const stop = end + 2 + Number(digits)
  if (bytes.length < stop + 2) return undefined
  return { value: `$${bytes.toString('utf8', end + 2, stop)}`, length: stop + 2 }
}

function refusal(text: string): Error {
  // a server that does not know AUTH repeats what it was sent: the password
  const said = `it says ${text.replace(/,? with args.*/is, '').slice(0, 200)}`
  if (/^NOAUTH|^DENIED/.test(text)) {
    return new ProbeRefused(
      said,
      'name the file with its password: portolan.probe.password-file, and portolan.probe.user if it is not the default one',
    )
  }
  if (/^WRONGPASS|^ERR invalid password|^ERR AUTH|^NOPERM/.test(text)) {
    return new ProbeRefused(said, 'correct user and password of the probe; it needs INFO')
  }
  return new Error(said)
}

function fieldsOf(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\r\n').map((line) => line.split(':'))
  return new Map(lines.map(([name = '', ...rest]) => [name, rest.join(':')]))
}

/** What the fields of `INFO` say. Pure. */
export function answerOf(fields: ReadonlyMap<string, string>, nowMs: number): RoleAnswer {
  const role = fields.get('role')
  if (fields.get('redis_mode') === 'sentinel') {
    return { role: 'other', why: 'it is a Sentinel: name the port of Redis' }
  }
  if (fields.get('loading') === '1') return { role: 'other', why: 'it loads its data' }
  const id = fields.get('master_replid') ?? ''
  const parent = fields.get('master_replid2') ?? ''
  const descent = isId(id) && isId(parent) ? { descent: { id, parent } } : {}
  if (role === 'slave') {
    const link = fields.get('master_link_status') ?? 'unknown'
    const of = `${fields.get('master_host') ?? '?'}:${fields.get('master_port') ?? '?'}`
    const isBehind = link !== 'up'
    return {
      role: 'replica',
      why: `it is a replica of ${of}, link ${link}`,
      isBehind,
      mayBeEmpty: isBehind,
      ...descent,
    }
  }
  if (role !== 'master') return { role: 'other', why: `its role is ${role ?? 'not said'}` }
  const words = `history ${id.slice(0, 8)}`
  const startedMs = nowMs - Number(fields.get('uptime_in_seconds') ?? NaN) * 1000
  const hasTerm = isId(id) && Number.isFinite(startedMs)
  return {
    role: 'primary',
    why: `it is a primary, ${words}`,
    ...(hasTerm && { term: { kind: 'descent', id, startedMs, words } }),
    ...descent,
  }
}

/** Forty zeros stand for none. */
function isId(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text) && !/^0+$/.test(text)
}
