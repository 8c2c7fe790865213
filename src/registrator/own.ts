import type { Definition } from '../core/definition.ts'
import { messageOf } from '../core/errors.ts'
import type { Instance } from '../core/instance.ts'
import type { Problem } from '../core/problems.ts'
import type { Container, Containers } from '../docker/docker.ts'
import { collisions } from './collisions.ts'
import { type InstanceSettings, instancesOf, type Registered } from './instances.ts'
import { plainEntry, type PlainSettings } from './plain.ts'

/** This node's instances as they ought to be; the rest of the world gets to know them through the store. */
export type Own = {
  readonly instances: readonly Instance[]
  /** What its containers declare for others. */
  readonly definitions: readonly Definition[]
  /** The plain tree's entries of each instance, in the order of `instances`. */
  readonly plain: readonly (readonly [key: string, value: string] | undefined)[]
  readonly problems: readonly Problem[]
}

/**
 * A function from containers to instances that does each container once: while Docker's facts of it are the same
 * object, its instances stay the same objects too, and whoever compares by identity sees what changed.
 */
export function ownInstances(settings: InstanceSettings & PlainSettings) {
  let done = new Map<Container, Registered>()
  return (containers: Extract<Containers, { kind: 'known' }>): Own => {
    const list = [...containers.byId.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))
    done = new Map(list.map((one) => [one, done.get(one) ?? registeredOf(one, settings)]))
    const registered = [...done.values()]
    const all = registered.flatMap(({ instances }) => instances)
    const instances = all.map(({ instance }) => instance)
    const plain = all.map((one) => plainEntry(one.instance, one.plain, settings))
    const problems = registered.flatMap((one) => one.problems)
    const definitions = registered.flatMap(({ definition }) => definition ?? [])
    return {
      instances,
      definitions,
      plain,
      problems: [...problems, ...collisions(instances, plain)],
    }
  }
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
