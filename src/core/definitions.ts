import type { Definition } from './definition.ts'
import { holders, type Holders } from './holders.ts'
import type { Middleware } from './middleware.ts'
import type { Problem } from './problems.ts'
import type { Route } from './route.ts'

/** A port of the container whose definition stands under `key`. */
export type Place = { readonly key: string; readonly port: number }

/** What a change is about. */
export type Touched = {
  /** Names that mean something else since then. */
  readonly middlewares: readonly string[]
  /** Ports to which other routes may lead. */
  readonly places: readonly Place[]
}

/** What all containers together define, by name. */
export class Definitions {
  private readonly byKey = new Map<string, Definition>()
  private readonly middlewares = holders()
  private readonly services = holders()
  private readonly routers = holders()
  private readonly contests = new Map<string, Problem>()
  private readonly textOf = texts()

  /** Puts `definition` under `key`, or takes away what stands there. */
  set(key: string, definition: Definition | undefined): Touched {
    const { byKey, textOf } = this
    const change: Change = [byKey.get(key), definition]
    const asked = namesIn(change, middlewaresIn)
    const meant = new Map(asked.map((name) => [name, textOf(this.called(name))]))
    if (definition) byKey.set(key, definition)
    else byKey.delete(key)
    file(this.middlewares, key, change, middlewaresIn)
    file(this.services, key, change, servicesIn)
    file(this.routers, key, change, ledTo)
    for (const name of asked) this.judge(name)
    const own = change.flatMap((one) => Object.values(one?.services ?? {}))
    const others = namesIn(change, ledTo).flatMap((service) => this.placesOf(service))
    return {
      middlewares: asked.filter((name) => textOf(this.called(name)) !== meant.get(name)),
      places: [...own.map((port) => ({ key, port })), ...others],
    }
  }

  /** By a name in any case. */
  middleware(name: string): Middleware | undefined {
    return this.called(name.toLowerCase())
  }

  middlewareNames(): Iterable<string> {
    return this.middlewares.names()
  }

  /** Routes of others that lead there, those of the oldest container first. */
  routesTo({ key, port }: Place): readonly Route[] {
    const own = Object.entries(this.byKey.get(key)?.services ?? {})
    const names = own.flatMap(([name, at]) => (at === port ? [name] : []))
    return names.flatMap((name) =>
      this.routers
        .of(name)
        .flatMap(([, { routes }]) =>
          routes.flatMap(({ service, route }) => (service === name ? [route] : [])),
        ),
    )
  }

  keys(): Iterable<string> {
    return this.byKey.keys()
  }

  problems(): Problem[] {
    const { contests, routers, services } = this
    const missing = [...routers.names()].filter((service) => !services.oldest(service))
    const lost = missing.flatMap((service) =>
      routers.of(service).map(([, one]) => nobody(one, service)),
    )
    return [...contests.values(), ...lost]
  }

  private called(name: string): Middleware | undefined {
    return this.middlewares.oldest(name)?.middlewares[name]
  }

  private placesOf(service: string): Place[] {
    return this.services.of(service).flatMap(([key, definition]) => {
      const port = definition.services[service]
      return port === undefined ? [] : [{ key, port }]
    })
  }

  private judge(name: string): void {
    const { contests, textOf } = this
    const [first, ...others] = this.middlewares.of(name).map(([, one]) => one)
    const other = others.find(
      (one) => textOf(one.middlewares[name]) !== textOf(first?.middlewares[name]),
    )
    if (first && other) contests.set(name, contest(name, other, first))
    else contests.delete(name)
  }
}

type Change = readonly [before: Definition | undefined, after: Definition | undefined]
type NamesIn = (definition: Definition) => string[]

const middlewaresIn: NamesIn = (one) => Object.keys(one.middlewares)
const servicesIn: NamesIn = (one) => Object.keys(one.services)
const ledTo: NamesIn = ({ routes }) => [...new Set(routes.map(({ service }) => service))]

function namesIn(change: Change, names: NamesIn): string[] {
  return [...new Set(change.flatMap((one) => (one ? names(one) : [])))]
}

/** Files under each name what is defined now instead of what was. */
function file(all: Holders, key: string, [before, after]: Change, names: NamesIn): void {
  for (const name of before ? names(before) : []) all.drop(name, key)
  for (const name of after ? names(after) : []) if (after) all.put(name, key, after)
}

/** JSON of middlewares, made once for each. */
function texts(): (middleware: Middleware | undefined) => string | undefined {
  const made = new WeakMap<Middleware, string>()
  return (one) => one && made.getOrInsertComputed(one, () => JSON.stringify(one))
}

/** Two containers that mean different things by one name. */
function contest(name: string, other: Definition, first: Definition): Problem {
  return {
    severity: 'warning',
    where: `container ${other.name}`,
    what: `its middleware ${name} is not that of container ${first.name}`,
    why: `for routes of other containers that of ${first.name} holds, which is older`,
    remedy: 'give one of them another name, or both the same options',
  }
}

function nobody({ name, routes }: Definition, service: string): Problem {
  const names = routes.flatMap((one) => (one.service === service ? [one.route.name] : []))
  return {
    severity: 'error',
    where: `container ${name}`,
    what: `route ${names.join(', ')} leads to service ${service}`,
    why: 'no running container declares that service',
    remedy: 'start that container, or correct the name of the service',
  }
}
