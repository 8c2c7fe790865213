import type { Container, ContainerPort } from '../../docker/docker.ts'
import { type DeclaredPort, type Dialect, type Facts, nothing } from './dialect.ts'
import { type GivenReader, givenReader } from './given.ts'
import { healthOf } from './registrator-checks.ts'
import { sayPitfalls } from './registrator-pitfalls.ts'
import { tagsOf, valuesOf } from './registrator-values.ts'
import { mostPorts, portOfWord, type Word, wordsFor, wordsOf } from './registrator-words.ts'

/**
 * Registrator's `SERVICE_*`: from variables what it understands, from labels attributes too; for all ports, for one,
 * for a range of them and for one protocol.
 */
export const registratorDialect: Dialect = (facts) => {
  const { container } = facts
  const all = wordsOf(container)
  const words = all.slice(0, mostWords)
  const reader = givenReader(container)
  if (all.length > mostWords) sayTooMany(all, reader)
  const general = saidOfAll(words, reader)
  const { named, ports } = portsOf(container, words)
  const each = ports.map((port) => saidOfPort(port, words, general, facts, reader))
  sayPitfalls(container, words, reader)
  return {
    ...nothing,
    named: named.map(({ port }) => port),
    ports: [general, ...each].filter(saysSomething),
    problems: reader.problems(),
  }
}

/** More are a mistake, or meant to keep us busy. */
const mostWords = 1024

function sayTooMany([first, ...others]: readonly Word[], reader: GivenReader): void {
  if (!first) return
  reader.note(first, {
    severity: 'warning',
    why: `there are ${others.length} more like it, and only ${mostWords} are read`,
    remedy: 'use fewer SERVICE_ labels',
  })
}

type Port = Pick<ContainerPort, 'port' | 'protocol'>

/**
 * `ports`: those that Docker knows, and those that somebody speaks of, because another dialect may route to them.
 * `named`: of Docker's those that somebody speaks of.
 */
function portsOf({ ports: known }: Container, words: readonly Word[]) {
  const spoken = new Set(words.flatMap((word) => portOfWord(word) ?? []))
  const named = known.filter(({ port }) => spoken.has(port)).slice(0, mostPorts)
  const own: readonly Port[] = known.length > mostPorts ? named : known
  for (const { port } of known) spoken.delete(port)
  const others = [...spoken].map((port): Port => ({ port, protocol: 'tcp' }))
  return {
    named: named.filter(({ protocol }) => protocol === 'tcp'),
    ports: [...own, ...others].slice(0, mostPorts),
  }
}

function saysSomething(said: DeclaredPort): boolean {
  return Object.keys(said).some((key) => key !== 'port' && key !== 'transport')
}

function saidOfAll(all: readonly Word[], reader: GivenReader): DeclaredPort {
  const words = wordsFor(all)
  const health = healthOf(words, reader)
  const tags = hasOwnTags(all) ? [] : tagsOf(words, reader)
  return {
    port: undefined,
    ...valuesOf(words, reader),
    ...(tags.length > 0 && { tags }),
    ...(health && { policy: { health } }),
  }
}

/** What is said of this port by itself. Its tags and checks replace those of all ports, they are not added to them. */
function saidOfPort(
  port: Port,
  all: readonly Word[],
  general: DeclaredPort,
  { imageName }: Facts,
  reader: GivenReader,
): DeclaredPort {
  const words = wordsFor(all, port)
  const own = new Map([...words].filter(([, word]) => word.ports !== undefined))
  const hasCheck = [...own.keys()].some((key) => key.startsWith('check_'))
  const undone = general.policy?.health ? null : undefined
  const health = hasCheck ? (healthOf(words, reader) ?? undone) : undefined
  const tags = hasOwnTags(all) ? tagsOf(words, reader) : []
  if (port.protocol === 'udp') tags.push('udp')
  return {
    port: port.port,
    transport: port.protocol,
    // an empty name of a port undoes the container's, as in registrator
    ...(own.get('name')?.text === '' && { service: imageName }),
    ...valuesOf(own, reader),
    ...(tags.length > 0 && { tags }),
    ...(health !== undefined && { policy: { health } }),
  }
}

function hasOwnTags(all: readonly Word[]): boolean {
  return all.some(({ key, ports }) => key === 'tags' && ports !== undefined)
}
