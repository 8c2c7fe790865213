import type { Middleware } from '../core/middleware.ts'
import type { NamedMiddleware } from './route.ts'

/** The middlewares that a route names, without chains; and what is wrong with its names. */
export type Resolved = {
  readonly middlewares: readonly NamedMiddleware[]
  readonly wrong: readonly string[]
}

/** Looks `names` up in `known`. A chain stands for its members, in its place. */
export function resolved(
  names: readonly string[],
  known: Readonly<Record<string, Middleware>>,
  chains: readonly string[] = [],
): Resolved {
  const parts = names.map((name): Resolved => {
    const middleware = Object.hasOwn(known, name) ? known[name] : undefined
    if (!middleware) return wrong(`middleware ${name} is not known`)
    if (!('chain' in middleware)) return { middlewares: [{ name, middleware }], wrong: [] }
    if (chains.includes(name)) return wrong(`middleware ${name} is a chain that contains itself`)
    return resolved(middleware.chain, known, [...chains, name])
  })
  return {
    middlewares: parts.flatMap((part) => part.middlewares),
    wrong: parts.flatMap((part) => part.wrong),
  }
}

function wrong(what: string): Resolved {
  return { middlewares: [], wrong: [what] }
}
