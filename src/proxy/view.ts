import type { IncomingMessage } from 'node:http'

import { plainAddress } from '../core/ranges.ts'
import type { RequestView } from '../core/rule/request.ts'
import type { Admitted } from './admit.ts'

/** `request` as rules see it. Headers and query are taken apart only when a rule looks at them. */
export function viewOf(request: IncomingMessage, { host, path, query }: Admitted): RequestView {
  let parameters: URLSearchParams | undefined
  return {
    host,
    path,
    method: request.method ?? '',
    get ip() {
      return plainAddress(request.socket.remoteAddress ?? '')
    },
    headers: (name) => request.headersDistinct[name] ?? [],
    query(name) {
      parameters ??= new URLSearchParams(query)
      return parameters.getAll(name)
    },
  }
}
