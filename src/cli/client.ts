import { z } from 'zod'

import { errnoOf, messageOf, PortolanError } from '../core/errors.ts'
import type { Listen } from '../setting-kinds.ts'

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
  admin: Listen,
  { path, method = 'GET', limitMs = 10_000 }: Ask,
): Promise<Answer> {
  const at = addressOf(admin)
  try {
    const signal = AbortSignal.timeout(limitMs)
    const response = await fetch(`http://${at}${path}`, { method, signal, redirect: 'error' })
    return { status: response.status, body: await response.json() }
  } catch (cause) {
    throw new PortolanError('admin-down', reasonOf(cause, at, limitMs))
  }
}

/** The JSON of a good answer. Throws `admin-down` with what the server said for any other. */
export async function askAdminForGood(admin: Listen, ask: Ask): Promise<unknown> {
  const { status, body } = await askAdmin(admin, ask)
  if (status >= 200 && status < 300) return body
  const said = refusal.safeParse(body)
  const why = said.success ? said.data.error : `status ${status}`
  throw new PortolanError('admin-down', `${addressOf(admin)} refuses ${ask.path}: ${why}`)
}

function addressOf({ host, port }: Listen): string {
  const any = host === '' || host === '0.0.0.0' || host === '::'
  const at = any ? '127.0.0.1' : host
  return `${at.includes(':') ? `[${at}]` : at}:${port}`
}

function reasonOf(error: unknown, at: string, limitMs: number): string {
  const start = 'start it with `portolan run`, or name it with --admin'
  if (error instanceof Error && error.name === 'TimeoutError') {
    return `Portolan at ${at} gave no answer within ${limitMs / 1000} s: it is busy or stuck, see its log`
  }
  if (error instanceof SyntaxError)
    return `what answers at ${at} is no Portolan: name it with --admin`
  const cause = error instanceof Error ? error.cause : undefined
  const errno = errnoOf(cause)
  if (errno === 'ECONNREFUSED') return `no Portolan answers at ${at}: ${start}`
  return `no Portolan answers at ${at} (${errno ?? messageOf(cause ?? error)}): ${start}`
}
