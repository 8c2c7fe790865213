import type { RequestView } from '../../core/rule/request.ts'
import type { TableRoute } from '../table/route.ts'
import type { Tables } from '../table/tables.ts'
import { tcpPlace, tlsPlace } from '../table/tcp-terms.ts'
import type { ClientHello } from './client-hello.ts'

/** The route of a connection now: one of those that ask for a name by TLS comes before those for anything. */
export function routeOf(
  tables: Tables,
  entrypoint: string,
  asking: RequestView,
  hello: ClientHello | undefined,
): TableRoute | undefined {
  const named = hello && tables.find(tlsPlace(entrypoint), asking)
  return (named ?? tables.find(tcpPlace(entrypoint), asking))?.route
}
