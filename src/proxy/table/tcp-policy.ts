import { kindOf } from '../../core/middleware-kind.ts'
import type { Middleware } from '../../core/middleware.ts'
import type { Policy } from '../../core/policy.ts'
import type { Problem } from '../../core/problems.ts'
import type { Route } from '../../core/route.ts'
import { unreadBy, type Wrong } from './middlewares.ts'
import { closedBy, ignored, unsaid } from './policies.ts'
import type { TcpGate, TcpTerms } from './tcp-terms.ts'

/** What is left of a policy on a TCP route, and problems for the rest. */
export type TcpServed = {
  readonly terms: TcpTerms
  readonly closed: string | undefined
  readonly problems: readonly Problem[]
}

/** `asksOfTls`: its rule needs a ClientHello. A middleware that can't act on connections closes the route. */
export function tcpPolicy(
  where: string,
  policy: Policy,
  { middlewares, tls, role }: Route,
  asksOfTls: boolean,
): TcpServed {
  const read = middlewares.map((name) => gateNamed(name, policy.middlewares))
  const gates = read.flatMap((one) => ('why' in one ? [] : [one]))
  const wrong = read.flatMap((one) => ('why' in one ? [one] : []))
  return {
    terms: {
      tls: tlsOf(tls, asksOfTls),
      gates,
      proxyProtocol: policy.proxyProtocol,
      role: role ?? null,
    },
    closed: wrong[0]?.why,
    problems: [
      ...unsaid(wrong).map((what) => closedBy(where, what)),
      ...unusedIn(policy).map((what) => ignored(where, what)),
    ],
  }
}

/** Names come by TLS only: who asks for them without a word of where it ends has it passed on. */
function tlsOf(tls: Route['tls'], asksOfTls: boolean): TcpTerms['tls'] {
  if (tls?.passthrough === false) return 'ended'
  return tls !== null || asksOfTls ? 'passed' : null
}

function gateNamed(name: string, known: Readonly<Record<string, Middleware>>): TcpGate | Wrong {
  const middleware = Object.hasOwn(known, name) ? known[name] : undefined
  if (!middleware) return { why: `middleware ${name} is not known`, said: false }
  if ('unread' in middleware) return { why: unreadBy(middleware.unread), said: true }
  if ('allowIp' in middleware) return { ranges: middleware.allowIp.ranges }
  if ('inFlight' in middleware) return { amount: middleware.inFlight.amount }
  const why = `middleware ${name} (${kindOf(middleware)}) can not act on connections`
  return { why, said: false }
}

/** What needs requests. */
const unused: readonly [what: string, used: (policy: Policy) => boolean][] = [
  ['a sticky cookie', ({ sticky }) => sticky !== false],
  ['a balance by header or cookie', ({ balance }) => /^hash:(header|cookie)/.test(balance)],
  ['a mirror', ({ mirror }) => mirror !== null],
  ['a fallback', ({ fallback }) => fallback !== null],
  ['a canary by cookie', ({ canary }) => canary !== null && 'cookie' in canary],
]

function unusedIn(policy: Policy): string[] {
  return unused.filter(([, isUsed]) => isUsed(policy)).map(([what]) => `${what} on a TCP route`)
}
