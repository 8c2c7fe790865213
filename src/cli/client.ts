import type { IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'

import { z } from 'zod'

import { tokenOf } from '../config/files.ts'
import type { AdminAt, Listen } from '../config/kinds.ts'
import { errnoOf, messageOf, PortolanError } from '../core/errors.ts'
import { http } from '../core/node-http.ts'

const refusal = z.object({ error: z.string() })

/** What an admin server answered: its status and its JSON. */
export type Answer = { readonly status: number; readonly body: unknown }

export type Ask = {
  readonly path: string
  readonly method?: 'GET' | 'POST'
  readonly limitMs?: number
}

/**
 * Asks the admin server that listens at `admin`; every address of this machine is asked at 127.0.0.1. Resolves
 * whatever the status is. Rejects with `admin-down` when nobody answers there within the limit (10 s), or with
 * something that is no JSON.
 */
export async function askAdmin(
  admin: AdminAt,
  { path, method = 'GET', limitMs = 10_000 }: Ask,
): Promise<Answer> {
  const at = placeOf(admin)
  const headers = method === 'POST' ? await withToken(admin) : {}
  const signal = AbortSignal.timeout(limitMs)
  try {
    // not fetch, which refuses some ports, such as 6000 and 6667
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const asked = http.request(
      `http://${at}${path}`,
      { method, headers, signal, agent: false },
      resolve,
    )
    asked.on('error', reject).end()
    const response = await promise
    return { status: response.statusCode ?? 0, body: await json(response) }
  } catch (cause) {
    const reason = signal.aborted ? tooLate(at, limitMs) : reasonOf(cause, at)
    throw new PortolanError('admin-down', reason)
  }
}

/** Only who writes has to be known. */
async function withToken({ tokenFile }: AdminAt) {
  const token = await tokenOf('--admin-token-file', tokenFile)
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}

/** The JSON of a good answer. Throws `admin-down` with what the server said for any other. */
export async function askAdminForGood(admin: AdminAt, ask: Ask): Promise<unknown> {
  const { status, body } = await askAdmin(admin, ask)
  if (status >= 200 && status < 300) return body
  const said = refusal.safeParse(body)
  const why = said.success ? said.data.error : `status ${status}`
  throw new PortolanError('admin-down', `${placeOf(admin)} refuses ${ask.path}: ${why}`)
}

/** `host:port` at which the admin server that listens at `admin` is asked. */
export function placeOf({ host, port }: Listen): string {
  const any = host === '' || host === '0.0.0.0' || host === '::'
  const at = any ? '127.0.0.1' : host
  return `${at.includes(':') ? `[${at}]` : at}:${port}`
}

function tooLate(at: string, limitMs: number): string {
  return `Portolan at ${at} gave no answer within ${limitMs / 1000} s: it is busy or stuck, see its log`
}

function reasonOf(error: unknown, at: string): string {
  if (error instanceof SyntaxError)
    return `what answers at ${at} is no Portolan: name it with --admin`
  const errno = errnoOf(error)
  const why = errno === 'ECONNREFUSED' ? '' : ` (${errno ?? messageOf(error)})`
  return `no Portolan answers at ${at}${why}: start it with \`portolan run\`, or name it with --admin`
}
