import type { Tables } from '../table/tables.ts'
import { tlsPlace } from '../table/tcp-terms.ts'
import type { ClientHello } from './client-hello.ts'
import type { WhoConnects } from './opening.ts'
import { connectionView } from './view.ts'

/** A route of connections has a client's name, and none of requests names it as exactly. */
export function isForNamed(
  tables: Tables,
  entrypoint: string,
  ends: WhoConnects,
  hello: ClientHello,
): boolean {
  const found = tables.find(tlsPlace(entrypoint), connectionView(ends, hello))
  if (!found) return false
  const ofHttp = tables.hostRank(entrypoint, hello.name ?? '')
  return ofHttp === 0 || found.rank > ofHttp
}
