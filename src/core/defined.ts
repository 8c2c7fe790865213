import type { Definitions } from './definitions.ts'
import type { Instance } from './instance.ts'
import type { Problem } from './problems.ts'
import { didYouMean } from './suggest.ts'

/** An instance with what other containers define for it. */
export type Defined = {
  /** The same object when others have nothing to do with it. */
  readonly instance: Instance
  /** The names that it does not declare itself, found or not. */
  readonly borrowed: ReadonlySet<string>
  readonly problems: readonly Problem[]
}

/**
 * Adds to `instance` the routes of other containers that lead to it, and the middlewares of others that its routes
 * use; `key` is that of its container's definition. A chain that is not whole is taken out: what it would let through
 * is not known, so that its routes close. Pure.
 */
export function defined(instance: Instance, key: string, all: Definitions): Defined {
  const led = routesFrom(instance, key, all)
  const routes = led.length > 0 ? [...instance.routes, ...led] : instance.routes
  const { middlewares: own } = instance.policy
  const names = new Set(routes.flatMap(({ middlewares }) => middlewares))
  const found: Record<string, NonNullable<ReturnType<Definitions['middleware']>>> = {}
  const borrowed = new Set<string>()
  for (const name of names) {
    const mine = Object.hasOwn(own, name) ? own[name] : undefined
    if (!mine) borrowed.add(name.toLowerCase())
    const middleware = mine ?? all.middleware(name)
    if (!middleware) continue
    found[name] = middleware
    if ('chain' in middleware) for (const member of middleware.chain) names.add(member)
  }
  if (led.length === 0 && borrowed.size === 0) return { instance, borrowed, problems: [] }
  const missing = [...names].filter((name) => !Object.hasOwn(found, name))
  const middlewares = missing.length > 0 ? wholeOnes(found) : found
  return {
    instance: { ...instance, routes, policy: { ...instance.policy, middlewares } },
    borrowed,
    problems: missing.filter(isDocker).map((name) => unknownOne(instance, name, all)),
  }
}

/** Those of others that say what it does not say itself. */
function routesFrom(instance: Instance, key: string, all: Definitions): Instance['routes'] {
  const own = new Set(instance.routes.map(({ kind, rule }) => `${kind} ${rule}`))
  return all.routesTo({ key, port: instance.port }).filter((route) => {
    const id = `${route.kind} ${route.rule}`
    const isNew = !own.has(id) && (route.kind === 'udp') === (instance.protocol === 'udp')
    own.add(id)
    return isNew
  })
}

type Middlewares = Instance['policy']['middlewares']

/** Without chains of which a member is missing, or is such a chain itself. */
function wholeOnes(found: Middlewares): Middlewares {
  const kept = { ...found }
  for (let before = -1; before !== Object.keys(kept).length;) {
    before = Object.keys(kept).length
    for (const [name, one] of Object.entries(kept)) {
      if ('chain' in one && !one.chain.every((member) => Object.hasOwn(kept, member)))
        delete kept[name]
    }
  }
  return kept
}

/** Of other providers the labels' reader has said already that there are none. */
function isDocker(name: string): boolean {
  return /@docker$/i.test(name)
}

function unknownOne({ name: container }: Instance, name: string, all: Definitions): Problem {
  const bare = name.replace(/^tcp\./, '').replace(/@docker$/i, '')
  const protocol = name.startsWith('tcp.') ? 'tcp' : 'http'
  return {
    severity: 'error',
    where: `container ${container}`,
    what: `middleware ${name}`,
    why: `no running container declares it${didYouMean(name.toLowerCase(), all.middlewareNames())}; routes that use it are closed`,
    remedy: `declare it, with labels of this container or another: traefik.${protocol}.middlewares.${bare}.…`,
  }
}
