import type { Middleware } from '../../core/middleware.ts'
import { middlewareProblem } from '../middleware/kinds.ts'
import type { NamedMiddleware } from './route.ts'

/** Why a route can't be served. `said`: whoever wrote it has been told. */
export type Wrong = { readonly why: string; readonly said: boolean }

/** The middlewares that a route names, without chains; and why it can't be served with them. */
export type Resolved = {
  readonly middlewares: readonly NamedMiddleware[]
  readonly wrong: readonly Wrong[]
}

/** Chains of chains grow fast. */
const most = 100

/** Looks `names` up in `known`. A chain stands for its members, in its place. */
export function resolved(
  names: readonly string[],
  known: Readonly<Record<string, Middleware>>,
): Resolved {
  const middlewares: NamedMiddleware[] = []
  const wrong = new Map<string, Wrong>()
  const refuse = (why: string, said = false) => void wrong.set(why, { why, said })

  function add(name: string, chains: readonly string[]): void {
    const middleware = Object.hasOwn(known, name) ? known[name] : undefined
    if (middlewares.length >= most) return refuse(`more than ${most} middlewares act on it`)
    if (!middleware) return refuse(`middleware ${name} is not known`)
    if ('unread' in middleware) return refuse(unreadBy(middleware.unread), true)
    if (chains.includes(name)) {
      return refuse(`middleware ${name} is a chain that contains itself`)
    }
    if ('chain' in middleware) {
      for (const member of middleware.chain) if (wrong.size === 0) add(member, [...chains, name])
      return
    }
    const why = problemOf(middleware)
    if (why === undefined) middlewares.push({ name, middleware })
    else refuse(`middleware ${name} can't act: ${why}`)
  }

  for (const name of names) add(name, [])
  return { middlewares, wrong: [...wrong.values()] }
}

/** Of a middleware that `label` declares. */
export function unreadBy(label: string): string {
  return `label ${label} can't be read`
}

const problems = new WeakMap<Middleware, { readonly why: string | undefined }>()

/** Tables are made of the same middlewares again and again. */
function problemOf(middleware: Middleware): string | undefined {
  const known = problems.get(middleware) ?? { why: middlewareProblem(middleware) }
  problems.set(middleware, known)
  return known.why
}
