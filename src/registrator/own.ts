import { compare } from '../core/catalog.ts'
import type { Definition } from '../core/definition.ts'
import { mapDifference } from '../core/difference.ts'
import { messageOf } from '../core/errors.ts'
import type { Instance } from '../core/instance.ts'
import type { Problem } from '../core/problems.ts'
import type { Container, Containers } from '../docker/docker.ts'
import { collisions } from './collisions.ts'
import { type InstanceSettings, instancesOf, type Registered } from './instances.ts'
import { factsOf } from './names.ts'
import { type PlainEntry, plainEntry, type PlainSettings } from './plain.ts'
import { type Row, rows } from './rows.ts'
import { sharedNames } from './shared-names.ts'

/** This node's instances as they ought to be; the rest of the world gets to know them through the store. */
export type Own = {
  readonly instances: readonly Instance[]
  /** What its containers declare for others. */
  readonly definitions: readonly Definition[]
  /** The plain tree's entries of each instance, in the order of `instances`. */
  readonly plain: readonly (PlainEntry | undefined)[]
  readonly problems: readonly Problem[]
}

/** What one container gives. */
type Part = { readonly registered: Registered; readonly rows: readonly Row[] }

const noPart: Part = {
  registered: { instances: [], definition: undefined, problems: [] },
  rows: [],
}

/**
 * A function from containers to instances that does each container once: while Docker's facts of it are the same
 * object, its instances stay the same objects too, and whoever compares by identity sees what changed. A change costs
 * what changed, not what runs.
 */
export function ownInstances(settings: InstanceSettings & PlainSettings) {
  const parts = new Map<string, Part>()
  const claimed = collisions()
  const names = sharedNames()
  const table = rows()
  const defined = new Map<string, Definition>()
  const troubled = new Map<string, readonly Problem[]>()
  let last: ReadonlyMap<string, Container> = new Map()
  let definitions: readonly Definition[] = []

  function partOf(container: Container): Part {
    const registered = registeredOf(container, settings)
    const made = registered.instances.map(({ instance, plain }): Row => {
      return { instance, plain: plainEntry(instance, plain, settings) }
    })
    return { registered, rows: made }
  }

  function replace(id: string, after: Part): void {
    const before = parts.get(id) ?? noPart
    table.replace(before.rows, after.rows)
    for (const { instance, plain } of before.rows) if (plain) claimed.release(plain[0], instance)
    for (const { instance, plain } of after.rows) if (plain) claimed.claim(plain[0], instance)
    const { definition, problems } = after.registered
    if (definition !== before.registered.definition) {
      if (definition) defined.set(id, definition)
      else defined.delete(id)
      definitions = [...defined.values()]
    }
    if (problems.length > 0) troubled.set(id, problems)
    else troubled.delete(id)
  }

  return ({ byId }: Extract<Containers, { kind: 'known' }>): Own => {
    const { come, gone } = mapDifference(last, byId)
    last = byId
    for (const id of gone) {
      replace(id, noPart)
      parts.delete(id)
      names.forget(id)
    }
    for (const container of come) {
      const part = partOf(container)
      replace(container.id, part)
      parts.set(container.id, part)
      const { project } = factsOf(container)
      if (project !== undefined) names.tell(container.id, project, globalNames(part))
    }
    const problems = [...troubled].toSorted(([a], [b]) => compare(a, b)).flatMap(([, all]) => all)
    const all = [...problems, ...claimed.problems(), ...names.problems()]
    return { ...table.lists(), definitions, problems: all }
  }
}

function globalNames({ registered }: Part): ReadonlySet<string> {
  const all = registered.instances.map(({ instance }) => instance)
  return new Set(all.flatMap(({ project, service }) => (project === '-' ? service : [])))
}

/** Whatever somebody wrote into labels, it costs that container only. */
function registeredOf(container: Container, settings: InstanceSettings): Registered {
  try {
    return instancesOf(container, settings)
  } catch (error) {
    const where = `container ${container.name}`
    const what = 'its labels can not be read, it is neither registered nor routed'
    const remedy = 'correct its labels'
    return {
      instances: [],
      definition: undefined,
      problems: [{ severity: 'error', where, what, why: messageOf(error), remedy }],
    }
  }
}
