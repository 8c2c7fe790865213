import { http } from '../../../core/node-http.ts'
import { dial } from '../dial.ts'
import type { Place } from '../found.ts'
import { answerTo } from '../probe-http.ts'
import type { RoleAnswer } from './answer.ts'

/**
 * One request on a connection of its own, by Patroni's convention: 200 is the primary, 503 a replica, anything else
 * neither. Rejects when there is no answer.
 */
export async function probeHttpRole(
  place: Place,
  path: string,
  signal: AbortSignal,
): Promise<RoleAnswer> {
  const { ip, port } = place
  const host = ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
  const asked = http.request({
    path,
    signal,
    createConnection: () => dial(place),
    headers: { 'user-agent': 'portolan-check', host, connection: 'close' },
  })
  try {
    const { statusCode: status = 0 } = await answerTo(asked)
    return { role: roleOf(status), why: `GET ${path} gave ${status}` }
  } finally {
    asked.destroy()
  }
}

function roleOf(status: number): RoleAnswer['role'] {
  if (status === 200) return 'primary'
  return status === 503 ? 'replica' : 'other'
}
