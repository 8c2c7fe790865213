import type { RequestView } from '../../core/rule/request.ts'
import type { ClientHello } from './client-hello.ts'
import type { WhoConnects } from './opening.ts'

const nothing = () => []

/** A connection as rules see it: the host is the name that the client asks for by TLS, empty without. */
export function connectionView(who: WhoConnects, hello: ClientHello | undefined): RequestView {
  const { name: host = '', protocols: alpn = [] } = hello ?? {}
  return {
    host,
    alpn,
    get ip() {
      return who().source.ip
    },
    path: '',
    method: '',
    headers: nothing,
    query: nothing,
  }
}
