import type { Policy } from '../../core/policy.ts'
import type { Problem } from '../../core/problems.ts'
import { madePath } from '../middleware/rewrite/normal.ts'
import { resolved, type Wrong } from './middlewares.ts'
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
  return {
    passHost: policy.passHost,
    stripPrefixes: onlyPrefixes(named.middlewares),
    middlewares: named.middlewares,
    closed: named.wrong[0]?.why,
    problems: unsaid(named.wrong).map((what) => closedBy(where, what)),
  }
}

/** What nobody has been told of yet. */
export function unsaid(wrong: readonly Wrong[]): string[] {
  return wrong.filter(({ said }) => !said).map(({ why }) => why)
}

/** Of a route on which nothing else acts: such are many, and need no chain. */
function onlyPrefixes([first, ...others]: readonly NamedMiddleware[]): readonly string[] {
  if (!first || others.length > 0 || !('stripPrefix' in first.middleware)) return []
  return first.middleware.stripPrefix.map(madePath)
}

export function closedBy(where: string, what: string): Problem {
  const why = 'the route answers 503, because without it it might be open to whom it must not be'
  const remedy = 'correct it, or take it off the route'
  return { severity: 'error', where, what, why, remedy }
}

export function ignored(where: string, thing: string): Problem {
  const what = `${thing} is not supported yet`
  const remedy = 'take the label away, or live without it for now'
  return { severity: 'warning', where, what, why: 'the route works without it', remedy }
}
