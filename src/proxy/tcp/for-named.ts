import type { Tables } from '../tables.ts'
import type { ClientHello } from './client-hello.ts'
import type { WhoConnects } from './opening.ts'
import { tlsPlace } from './terms.ts'
import { connectionView } from './view.ts'

/** A route of connections has a client's name, and, if it takes all names, none of requests has it. */
export function isForNamed(
  tables: Tables,
  entrypoint: string,
  ends: WhoConnects,
  hello: ClientHello,
): boolean {
  const found = tables.find(tlsPlace(entrypoint), connectionView(ends, hello))
  if (!found || found.rank > 0) return found !== undefined
  return hello.name === undefined || !tables.hasHost(entrypoint, hello.name)
}
