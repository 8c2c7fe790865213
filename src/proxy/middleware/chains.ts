import type { NamedMiddleware, TableRoute } from '../table/route.ts'
import type { RequestDraft } from './draft.ts'
import { stageOf } from './kinds.ts'
import { Run } from './run.ts'
import type { Site, Stage } from './stage.ts'
import { isForCalls } from './streams.ts'

/** The middlewares of one route. */
export type Chain = {
  readonly begin: (request: RequestDraft) => Run
  /** The same for a call of gRPC, without those that have no meaning for one. */
  readonly beginCall: (request: RequestDraft) => Run
}

export type Chains = {
  /** Undefined for none. Throws for what `middlewareProblem` finds. */
  of(route: Of, middlewares: readonly NamedMiddleware[]): Chain | undefined
  /** A route is no more. */
  forget(route: string): void
}

type Of = Pick<TableRoute, 'key' | 'service'>
type Kept = { readonly text: string; readonly stage: Stage }

/**
 * Makes chains of middlewares. One that a route had before, with the same name and options, is the same one: what it
 * counts and remembers outlives every change of anything else.
 */
export function chains(site: Site): Chains {
  const known = new Map<string, { text: string; chain: Chain; stages: Map<string, Kept> }>()

  return {
    of(route, middlewares) {
      if (middlewares.length === 0) {
        known.delete(route.key)
        return undefined
      }
      const before = known.get(route.key)
      const text = JSON.stringify(middlewares)
      if (before?.text === text) return before.chain
      const stages = new Map<string, Kept>()
      for (const one of middlewares) {
        stages.set(one.name, keptOr(before?.stages.get(one.name), route, one, site))
      }
      const list = (of: readonly NamedMiddleware[]) =>
        of.flatMap(({ name }) => stages.get(name)?.stage ?? [])
      const [all, ofCalls] = [list(middlewares), list(middlewares.filter(isForCalls))]
      const chain: Chain = {
        begin: (request) => new Run(all, request, site.nowMs),
        beginCall: (request) => new Run(ofCalls, request, site.nowMs),
      }
      known.set(route.key, { text, chain, stages })
      return chain
    },
    forget(route) {
      known.delete(route)
    },
  }
}

function keptOr(
  before: Kept | undefined,
  { key, service }: Of,
  { name, middleware }: NamedMiddleware,
  site: Site,
): Kept {
  const text = JSON.stringify(middleware)
  if (before?.text === text) return before
  return { text, stage: stageOf(middleware, { id: `${key} ${name}`, service }, site) }
}
