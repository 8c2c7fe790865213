import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2'

import { HeaderLines } from '../middleware/header-lines.ts'

/** The fields of a head of HTTP/2 without those that begin with a colon. */
export function linesOf(headers: IncomingHttpHeaders): HeaderLines {
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(':') ? [] : [value ?? []].flat().flatMap((one) => [name, one]),
  )
  return new HeaderLines(pairs)
}

/** The other way round. */
export function fieldsOf(lines: HeaderLines): OutgoingHttpHeaders {
  const fields: Record<string, string | string[]> = {}
  for (const name of lines.distinct()) {
    const all = lines.all(name)
    fields[name] = all.length === 1 ? (all[0] ?? '') : all
  }
  return fields
}
