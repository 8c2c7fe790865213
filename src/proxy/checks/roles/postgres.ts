import type { Place } from '../found.ts'
import type { RoleAnswer } from './answer.ts'
import { type Conversation, converse } from './conversation.ts'
import type { Login } from './login.ts'
import { letIn, nextOf } from './postgres-login.ts'
import { message, startup, valuesOf } from './postgres-messages.ts'

/**
 * The timeline stands in the name of the file that is written now: pg_control_checkpoint() has the one of the last
 * checkpoint, which may still be that of the old primary.
 */
const question = `SELECT pg_is_in_recovery(),
  CASE WHEN NOT pg_is_in_recovery() THEN substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END,
  (SELECT system_identifier FROM pg_control_system()),
  EXISTS (SELECT FROM pg_stat_wal_receiver)\0`

const usualUser = 'postgres'
const database = 'postgres'

/** Asks PostgreSQL by a query. Rejects when it does not answer. */
export async function probePostgres(
  place: Place,
  { user = usualUser, password }: Login,
  signal: AbortSignal,
): Promise<RoleAnswer> {
  return converse(place, signal, async (conversation) => {
    conversation.write(startup(user, database))
    await letIn(conversation, user, password)
    await until(conversation, 'Z')
    conversation.write(message('Q', question))
    const row = valuesOf(await until(conversation, 'D'))
    conversation.write(message('X', ''))
    return answerOf(row)
  })
}

/** What the next message of that type holds. */
async function until(conversation: Conversation, wanted: string): Promise<Buffer> {
  for (;;) {
    const { type, body } = await nextOf(conversation)
    if (type === wanted) return body
  }
}

/** Pure. */
export function answerOf([inRecovery, timeline, system, receives]: readonly (
  | string
  | null
)[]): RoleAnswer {
  if (inRecovery === 't') {
    const isBehind = receives !== 't'
    return {
      role: 'replica',
      why: `it is a standby${isBehind ? ' that receives nothing' : ''}`,
      isBehind,
    }
  }
  if (inRecovery !== 'f') return { role: 'other', why: 'it does not say whether it is a standby' }
  const words = `timeline ${Number.parseInt(timeline ?? '', 16)}`
  const isKnown = /^[0-9A-F]{8}$/.test(timeline ?? '') && system != null
  return {
    role: 'primary',
    why: `it is a primary, ${words}`,
    ...(isKnown && {
      term: { kind: 'counted', history: system, count: timeline ?? '', words },
    }),
  }
}
