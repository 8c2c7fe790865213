import type { IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'

import { z } from 'zod'

import { messageOf, PortolanError } from '../core/errors.ts'
import { http } from '../core/node-http.ts'
import { type Change, changesOf, type Seen, seenIn } from './changes.ts'
import { askAdminForGood, placeOf } from './client.ts'
import type { Command } from './command.ts'
import type { Out } from './out.ts'
import { paint, safe } from './table.ts'
import { tones } from './views.ts'

const viewSchema = z.object({ items: z.array(z.record(z.string(), z.unknown())) })

/**
 * Prints what changes, a line each, until the reader or Portolan ends it: first what there is. Rejects with
 * `admin-down` when Portolan goes, so that whoever waits for events learns of it.
 */
export async function events(
  { admin, json }: Extract<Command, { kind: 'events' }>,
  out: Out,
): Promise<number> {
  const at = placeOf(admin)
  let seen: Seen = new Map()
  const look = async () => {
    const now = new Map<string, Change>()
    for (const view of ['instances', 'routes', 'problems'] as const) {
      const answer = viewSchema.parse(await askAdminForGood(admin, { path: `/v1/${view}` }))
      for (const [key, one] of seenIn(view, answer.items)) now.set(key, one)
    }
    for (const one of changesOf(seen, now))
      out.write(json ? jsonLine(one) : textLine(one, out.colours))
    seen = now
  }
  try {
    for await (const line of createInterface(await streamOf(`http://${at}/v1/events`))) {
      if (line === 'event: change') await look()
    }
  } catch (cause) {
    if (cause instanceof PortolanError) throw cause
    throw new PortolanError('admin-down', `no events from ${at}: ${messageOf(cause)}`)
  }
  throw new PortolanError('admin-down', `Portolan at ${at} has ended the stream: it is stopping`)
}

async function streamOf(url: string): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  http.request(url, { agent: false }, resolve).on('error', reject).end()
  const response = await promise
  if (response.statusCode === 200) return response
  response.resume()
  throw new PortolanError('admin-down', `${url} is refused with status ${response.statusCode}`)
}

function jsonLine(change: Change): string {
  return `${JSON.stringify({ time: new Date().toISOString(), ...change })}\n`
}

function textLine({ kind, name, was, is }: Change, colours: boolean): string {
  const shown = (text: string) => {
    const tone = tones[text]
    return tone === undefined ? safe(text) : paint(text, tone, colours)
  }
  const change = was === '' ? shown(is) : `${shown(was)} → ${is === '' ? 'gone' : shown(is)}`
  return `${new Date().toISOString()}  ${kind.padEnd(8)}  ${safe(name)}  ${change}\n`
}
