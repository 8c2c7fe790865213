import type { Wish, Wished } from '../admin/wishes.ts'
import { emptyCatalog, instancesOfCatalog } from '../core/catalog.ts'
import { serviceId, type Instance } from '../core/instance.ts'
import { subjectOf, wishesPrefix, wishKey } from '../core/keys.ts'
import type { Change } from '../store/store.ts'
import type { Base } from './base.ts'

/** Something that a wish can be about: an instance, or what an earlier wish was about. */
type Candidate = { readonly subject: string; readonly name: string; readonly instance?: Instance }

/**
 * Writes and removes wishes, whichever node the instance is on: its own node acts on them. Rejects when
 * the store does.
 */
export function wisher({ catalog, mirror, store }: Base, prefix: string) {
  const all = (kind: Kind): Candidate[] => {
    const instances = instancesOfCatalog(catalog.current ?? emptyCatalog)
    const known = instances.map((instance) => {
      return { subject: subjectOf(instance), name: instance.name, instance }
    })
    const present = new Set(known.map(({ subject }) => subject))
    const under = `${wishesPrefix(prefix)}${kind}/`
    const left = [...mirror.entries.keys()]
      .filter((key) => key.startsWith(under) && !present.has(key.slice(under.length)))
      .map((key) => ({ subject: key.slice(under.length), name: '' }))
    return [...known, ...left]
  }

  return async (wish: Wish, text: string): Promise<Wished> => {
    const kind = wish.verb === 'weight' ? 'weight' : 'drain'
    const value = valueOf(wish)
    const candidates = all(kind)
    const named = candidates.filter((one) => isNamed(one, text))
    if (named.length === 0) return nobody(text, candidates)
    const containers = new Set(named.map(({ subject }) => containerOf(subject)))
    if (containers.size > 1) return several(text, named)
    const changes = named.slice(0, 100).map(({ subject }): Change => {
      const key = wishKey(prefix, kind, subject)
      if (value === undefined) return { kind: 'delete', key }
      return { kind: 'put', key, value: JSON.stringify({ v: 1, value }) }
    })
    await store.apply(changes, {}, AbortSignal.timeout(5000))
    const notes =
      value === true || value === 0 ? named.flatMap((one) => lastOne(one, named, candidates)) : []
    const subjects = named.map(({ subject, name }) => ({ subject, name }))
    return { ok: true, subjects, notes: [...new Set(notes)] }
  }
}

type Kind = Parameters<typeof wishKey>[1]

/** What stands in the store for it; undefined: nothing. */
function valueOf(wish: Wish): true | number | undefined {
  if (wish.verb === 'weight') return wish.weight
  return wish.verb === 'drain' ? true : undefined
}

/** By name, `node/name`, the beginning of the id (four digits at least), or the subject or the container of it. */
function isNamed({ subject, name }: Candidate, text: string): boolean {
  const [node = '', container = ''] = subject.split('/')
  if ([subject, `${node}/${container}`].includes(text)) return true
  if (name !== '' && [name, `${node}/${name}`].includes(text)) return true
  return /^[0-9a-f]{4,64}$/.test(text) && (container.startsWith(text) || text.startsWith(container))
}

function containerOf(subject: string): string {
  return subject.slice(0, subject.lastIndexOf('/'))
}

/** Draining ones get requests while nobody else is ready: better than none, but not what was wanted. */
function lastOne(
  { instance }: Candidate,
  named: readonly Candidate[],
  candidates: readonly Candidate[],
): string[] {
  if (!instance) return []
  const id = serviceId(instance)
  const others = candidates.filter(
    (one) =>
      one.instance?.state === 'ready' &&
      serviceId(one.instance) === id &&
      one.instance.port === instance.port &&
      !named.includes(one),
  )
  if (others.length > 0) return []
  return [
    `no other instance of ${id} is ready on port ${instance.port}: requests still go to this one`,
  ]
}

const most = 20

function listed(candidates: readonly Candidate[]): string[] {
  const names = candidates.map(({ subject, name }) =>
    name === '' ? subject : `${name} (${subject})`,
  )
  return names.toSorted().slice(0, most)
}

function nobody(text: string, candidates: readonly Candidate[]): Wished {
  const list = listed(candidates)
  const there = list.length === 0 ? 'there is none' : `there are ${list.join(', ')}`
  const error = `no instance is called ${JSON.stringify(text)}; ${there}`
  return { ok: false, status: 404, error, candidates: list }
}

function several(text: string, named: readonly Candidate[]): Wished {
  const list = listed(named)
  const error = `${JSON.stringify(text)} names several containers; name one: ${list.join(', ')}`
  return { ok: false, status: 409, error, candidates: list }
}
