import { PortolanError } from '../core/errors.ts'
import type { Instance } from '../core/instance.ts'
import { parseEntry, subjectOf, wishesPrefix, wishKey } from '../core/keys.ts'
import { type Live, live } from '../core/live.ts'
import type { Problem } from '../core/problems.ts'
import type { Mirror } from '../store/mirror.ts'
import type { Entry } from '../store/store.ts'
import type { Own } from './own.ts'

/** What operators want of instances, by subject: `<node>/<container id, 12>/<port>[:udp]`. */
export type Wishes = {
  readonly drained: ReadonlySet<string>
  readonly weights: ReadonlyMap<string, number>
  /** Entries that say nothing that can be done. */
  readonly problems: readonly Problem[]
}

export const noWishes: Wishes = { drained: new Set(), weights: new Map(), problems: [] }

/** The wishes among `entries`. What can't be read at all is the catalog's problem already. */
export function wishesOf(prefix: string, entries: ReadonlyMap<string, Entry>): Wishes {
  const drained = new Set<string>()
  const weights = new Map<string, number>()
  const problems: Problem[] = []
  for (const [key, entry] of entries) {
    if (!key.startsWith(wishesPrefix(prefix))) continue
    const stored = readable(prefix, key, entry)
    if (!stored) continue
    const { wish, subject, value } = stored
    if (wish === 'drain' && typeof value.value === 'boolean') {
      if (value.value) drained.add(subject)
    } else if (wish === 'weight' && typeof value.value === 'number' && value.value >= 0) {
      weights.set(subject, value.value)
    } else problems.push(pointless(key))
  }
  return { drained, weights, problems }
}

/** Follows the wishes in the store. `run` settles when `signal` aborts. */
export function wishesIn(mirror: Pick<Mirror, 'entries' | 'follow'>, prefix: string) {
  const wishes = live(noWishes)
  const under = wishesPrefix(prefix)
  return {
    wishes: wishes satisfies Live<Wishes>,
    async run(signal: AbortSignal): Promise<void> {
      for await (const changed of mirror.follow(signal)) {
        if ([...changed].some((key) => key.startsWith(under))) {
          wishes.set(wishesOf(prefix, mirror.entries))
        }
      }
    },
  }
}

/**
 * A function that lays wishes over what Docker says. An instance keeps its identity while what is wished of it is
 * the same. Only ready instances drain: others get no new requests anyway, and become draining instead of ready.
 */
export function wishing() {
  let made = new Map<Instance, Instance>()
  return <T extends Own>(own: T, prefix: string, wishes: Wishes): T => {
    const before = made
    made = new Map()
    const { drained, weights, problems: pointlessOnes } = wishes
    if (drained.size + weights.size + pointlessOnes.length === 0) return own
    const problems = [...own.problems, ...pointlessOnes]
    const instances = own.instances.map((one) => {
      const next = wished(one, wishes)
      if (next === one) return one
      if (next.state !== one.state) problems.push(drainedBy(prefix, one))
      const last = before.get(one)
      const kept = last && last.state === next.state && last.weight === next.weight ? last : next
      made.set(one, kept)
      return kept
    })
    // only what is ready stands in the plain tree
    const plain = own.plain.map((entry, at) =>
      instances[at]?.state === own.instances[at]?.state ? entry : undefined,
    )
    return { ...own, instances, plain, problems }
  }
}

function wished(instance: Instance, { drained, weights }: Wishes): Instance {
  const subject = subjectOf(instance)
  const weight = weights.get(subject) ?? instance.weight
  const drains = instance.state === 'ready' && drained.has(subject)
  if (!drains && weight === instance.weight) return instance
  return { ...instance, weight, state: drains ? 'draining' : instance.state }
}

function readable(prefix: string, key: string, entry: Entry) {
  try {
    const stored = parseEntry(prefix, key, entry.value)
    return stored.kind === 'wish' ? stored : undefined
  } catch (error) {
    if (error instanceof PortolanError) return undefined
    throw error
  }
}

function pointless(key: string): Problem {
  return {
    severity: 'warning',
    where: `key ${key}`,
    what: 'a wish that can not be fulfilled',
    why: 'wishes are drain with true, and weight with a number from 0',
    remedy: 'delete the key, or correct it',
  }
}

function drainedBy(prefix: string, instance: Instance): Problem {
  const { name, port } = instance
  return {
    severity: 'note',
    where: `container ${name}`,
    what: `port ${port} is drained`,
    why: `key ${wishKey(prefix, 'drain', subjectOf(instance))} asks for it: no new requests while others are ready`,
    remedy: `portolan undrain ${name}`,
  }
}
