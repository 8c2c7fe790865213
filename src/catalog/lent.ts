import { defined } from '../core/defined.ts'
import type { Definition } from '../core/definition.ts'
import { Definitions } from '../core/definitions.ts'
import type { Instance } from '../core/instance.ts'
import { definitionKey, instanceKeysAt } from '../core/keys.ts'
import type { Problem } from '../core/problems.ts'

/**
 * Lays what containers define for others over the instances on their way to `put`. Of a change only those are made anew
 * that it is about.
 */
export class LentInstances {
  private readonly prefix: string
  private readonly put: (key: string, instance: Instance | undefined) => void
  private readonly all = new Definitions()
  private readonly raw = new Map<string, Instance>()
  /** Keys of the instances that look a middleware up, by its name. */
  private readonly borrowers = new Map<string, Set<string>>()
  private readonly borrowed = new Map<string, ReadonlySet<string>>()
  private readonly ofInstances = new Map<string, readonly Problem[]>()
  private ofDefinitions: readonly Problem[] = []

  constructor(prefix: string, put: (key: string, instance: Instance | undefined) => void) {
    this.prefix = prefix
    this.put = put
  }

  set(key: string, instance: Instance | undefined): void {
    const { raw } = this
    if (raw.get(key) === instance) return
    if (instance) {
      raw.set(key, instance)
      this.make(key, instance)
    } else {
      raw.delete(key)
      this.forget(key)
      this.put(key, undefined)
    }
  }

  define(key: string, definition: Definition | undefined): void {
    const { prefix, all, borrowers } = this
    const { middlewares, places } = all.set(key, definition)
    const keys = new Set([
      ...middlewares.flatMap((name) => [...(borrowers.get(name) ?? [])]),
      ...places.flatMap((place) => instanceKeysAt(prefix, place.key, place.port)),
    ])
    for (const one of keys) {
      const instance = this.raw.get(one)
      if (instance) this.make(one, instance)
    }
    this.ofDefinitions = all.problems()
  }

  keys(): Iterable<string> {
    return this.raw.keys()
  }

  definitionKeys(): Iterable<string> {
    return this.all.keys()
  }

  problems(): Problem[] {
    return [...this.ofDefinitions, ...this.ofInstances.values().toArray().flat()]
  }

  private make(key: string, instance: Instance): void {
    const { borrowers } = this
    this.forget(key)
    const made = defined(instance, definitionKey(this.prefix, instance), this.all)
    if (made.borrowed.size > 0) this.borrowed.set(key, made.borrowed)
    for (const name of made.borrowed) {
      borrowers.getOrInsertComputed(name, () => new Set()).add(key)
    }
    if (made.problems.length > 0) this.ofInstances.set(key, made.problems)
    this.put(key, made.instance)
  }

  private forget(key: string): void {
    const { borrowers, borrowed } = this
    for (const name of borrowed.get(key) ?? []) {
      borrowers.get(name)?.delete(key)
      if (borrowers.get(name)?.size === 0) borrowers.delete(name)
    }
    borrowed.delete(key)
    this.ofInstances.delete(key)
  }
}
