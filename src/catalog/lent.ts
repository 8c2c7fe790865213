import { defined } from '../core/defined.ts'
import type { Definition } from '../core/definition.ts'
import { Definitions } from '../core/definitions.ts'
import type { Instance } from '../core/instance.ts'
import { definitionKey, instanceKeysAt } from '../core/keys.ts'
import type { Problem } from '../core/problems.ts'

export type LentInstances = ReturnType<typeof lentInstances>

/**
 * Lays what containers define for others over the instances on their way to `put`. Of a change only those are made anew
 * that it is about.
 */
export function lentInstances(
  prefix: string,
  put: (key: string, instance: Instance | undefined) => void,
) {
  const all = new Definitions()
  const raw = new Map<string, Instance>()
  /** Keys of the instances that look a middleware up, by its name. */
  const borrowers = new Map<string, Set<string>>()
  const borrowed = new Map<string, ReadonlySet<string>>()
  const problems = new Map<string, readonly Problem[]>()
  let ofDefinitions: readonly Problem[] = []

  function forget(key: string): void {
    for (const name of borrowed.get(key) ?? []) {
      borrowers.get(name)?.delete(key)
      if (borrowers.get(name)?.size === 0) borrowers.delete(name)
    }
    borrowed.delete(key)
    problems.delete(key)
  }

  function make(key: string, instance: Instance): void {
    forget(key)
    const made = defined(instance, definitionKey(prefix, instance), all)
    if (made.borrowed.size > 0) borrowed.set(key, made.borrowed)
    for (const name of made.borrowed) {
      borrowers.getOrInsertComputed(name, () => new Set()).add(key)
    }
    if (made.problems.length > 0) problems.set(key, made.problems)
    put(key, made.instance)
  }

  return {
    set(key: string, instance: Instance | undefined): void {
      if (raw.get(key) === instance) return
      if (instance) {
        raw.set(key, instance)
        make(key, instance)
      } else {
        raw.delete(key)
        forget(key)
        put(key, undefined)
      }
    },
    define(key: string, definition: Definition | undefined): void {
      const { middlewares, places } = all.set(key, definition)
      const keys = new Set([
        ...middlewares.flatMap((name) => [...(borrowers.get(name) ?? [])]),
        ...places.flatMap((place) => instanceKeysAt(prefix, place.key, place.port)),
      ])
      for (const one of keys) {
        const instance = raw.get(one)
        if (instance) make(one, instance)
      }
      ofDefinitions = all.problems()
    },
    keys: (): Iterable<string> => raw.keys(),
    definitionKeys: all.keys,
    problems: (): Problem[] => [...ofDefinitions, ...problems.values().toArray().flat()],
  }
}
