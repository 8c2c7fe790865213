import { type Middleware, kindOf } from '../../core/middleware.ts'
import type { Policy } from '../../core/policy.ts'
import type { Problem } from '../../core/problems.ts'
import type { Route } from '../../core/route.ts'
import { closedBy, ignored } from '../policies.ts'
import type { TcpGate, TcpTerms } from './terms.ts'

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
  { middlewares, tls }: Route,
  asksOfTls: boolean,
): TcpServed {
  const read = middlewares.map((name) => gateNamed(name, policy.middlewares))
  const gates = read.flatMap((one) => (typeof one === 'string' ? [] : [one]))
  const wrong = read.filter((one) => typeof one === 'string')
  return {
    terms: { tls: tlsOf(tls, asksOfTls), gates, proxyProtocol: policy.proxyProtocol },
    closed: wrong[0],
    problems: [
      ...wrong.map((what) => closedBy(where, what)),
      ...unusedIn(policy).map((what) => ignored(where, what)),
    ],
  }
}

/** Names come by TLS only: who asks for them without a word of where it ends has it passed on. */
function tlsOf(tls: Route['tls'], asksOfTls: boolean): TcpTerms['tls'] {
  if (tls?.passthrough === false) return 'ended'
  return tls !== null || asksOfTls ? 'passed' : null
}

function gateNamed(name: string, known: Readonly<Record<string, Middleware>>): TcpGate | string {
  const middleware = Object.hasOwn(known, name) ? known[name] : undefined
  if (!middleware) return `middleware ${name} is not known`
  if ('allowIp' in middleware) return { ranges: middleware.allowIp.ranges }
  if ('inFlight' in middleware) return { amount: middleware.inFlight.amount }
  return `middleware ${name} (${kindOf(middleware)}) can not act on connections`
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
