import type { Middleware } from './middleware.ts'

type KeyOf<T> = T extends T ? keyof T : never
type MiddlewareKind = KeyOf<Middleware>

// apart from the schema, so that threads which only ask for kinds need not load what checks forms
const kinds: Readonly<Record<MiddlewareKind, true>> = {
  stripPrefix: true,
  stripPrefixRegex: true,
  addPrefix: true,
  replacePath: true,
  replacePathRegex: true,
  redirectScheme: true,
  redirectRegex: true,
  headers: true,
  cors: true,
  allowHosts: true,
  basicAuth: true,
  digestAuth: true,
  forwardAuth: true,
  allowIp: true,
  rateLimit: true,
  inFlight: true,
  retry: true,
  circuitBreaker: true,
  maxBody: true,
  compress: true,
  timeout: true,
  errorPages: true,
  chain: true,
  unread: true,
}

function isMiddlewareKind(text: string): text is MiddlewareKind {
  return Object.hasOwn(kinds, text)
}

/** The one kind that a middleware is of. */
export function kindOf(middleware: Middleware): MiddlewareKind {
  const kind = Object.keys(middleware).find(isMiddlewareKind)
  if (kind === undefined) throw new TypeError('a middleware without a kind')
  return kind
}
