import { kindOf } from '../core/middleware.ts'
import type { Policy } from '../core/policy.ts'
import type { Problem } from '../core/problems.ts'
import { resolved } from './middlewares.ts'
import type { NamedMiddleware } from './route.ts'

/** What is left of a policy here: the supported part, and problems for the rest. */
export type Served = {
  readonly passHost: boolean
  readonly stripPrefixes: readonly string[]
  readonly middlewares: readonly NamedMiddleware[]
  readonly closed: string | undefined
  readonly problems: readonly Problem[]
}

/** `middlewares`: the names that the route uses. One that is unknown or unsupported closes the route. */
export function servedPolicy(
  where: string,
  policy: Policy,
  middlewares: readonly string[],
): Served {
  const named = resolved(middlewares, policy.middlewares)
  const wrong = [...named.wrong, ...named.middlewares.flatMap(unservedIn)]
  return {
    passHost: policy.passHost,
    stripPrefixes: named.middlewares.flatMap(({ middleware }) =>
      'stripPrefix' in middleware ? middleware.stripPrefix : [],
    ),
    middlewares: named.middlewares,
    closed: wrong[0],
    problems: [
      ...wrong.map((what) => closedBy(where, what)),
      ...unsupportedIn(policy).map((what) => ignored(where, what)),
    ],
  }
}

function unservedIn({ name, middleware }: NamedMiddleware): string[] {
  if ('stripPrefix' in middleware) return []
  return [`middleware ${name} (${kindOf(middleware)}) is not supported yet`]
}

const checks: readonly [what: string, used: (policy: Policy) => boolean][] = [
  ['a role', ({ role }) => role !== null],
  ['a mirror', ({ mirror }) => mirror !== null],
  ['the PROXY protocol', ({ proxyProtocol }) => proxyProtocol !== null],
]

function unsupportedIn(policy: Policy): string[] {
  return checks.filter(([, isUsed]) => isUsed(policy)).map(([what]) => what)
}

function closedBy(where: string, what: string): Problem {
  const why = 'the route answers 503, because without it it might be open to whom it must not be'
  const remedy = 'correct its name, or take it off the route'
  return { severity: 'error', where, what, why, remedy }
}

function ignored(where: string, thing: string): Problem {
  const what = `${thing} is not supported yet`
  const remedy = 'take the label away, or live without it for now'
  return { severity: 'warning', where, what, why: 'the route works without it', remedy }
}
