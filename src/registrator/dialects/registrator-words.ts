import type { Container, ContainerPort } from '../../docker/docker.ts'
import type { Given } from './given.ts'

/** One `SERVICE_*` variable or label, taken apart. */
export type Word = Given & {
  /** Undefined: it speaks of all ports. */
  readonly ports: { readonly lowest: number; readonly highest: number } | undefined
  /** Undefined: of both. */
  readonly transport: 'tcp' | 'udp' | undefined
  /** In lower case: `name`, `check_http`, or that of a free attribute. */
  readonly key: string
}

/** What is said of one port, or of all, by key. */
export type Words = ReadonlyMap<string, Word>

/** Whether the key means something to us; the others are attributes. */
export function isUnderstood(key: string): boolean {
  return /^(name|id|tags|ignore|check_.+)$/.test(key)
}

/** All `SERVICE_*` of a container. Attributes come from labels only: a variable may be a secret. */
export function wordsOf({ env, labels }: Container): Word[] {
  const variables = Object.entries(env).flatMap(([name, text]) => wordOf('variable', name, text))
  const own = Object.entries(labels).flatMap(([name, text]) => wordOf('label', name, text))
  return [...variables.filter(({ key }) => isUnderstood(key)), ...own]
}

/**
 * What holds for `port`; for all ports together when it is undefined. A port's own word beats one for a range of
 * ports, which beats one for all; one for the port's protocol beats one without; and of equal ones a label beats a
 * variable. An empty text has that rank too, and then says "not set".
 */
export function wordsFor(
  all: readonly Word[],
  port?: Pick<ContainerPort, 'port' | 'protocol'>,
): Words {
  const fitting = all.filter((word) => (port ? speaksOf(word, port) : isGeneral(word)))
  return new Map(
    fitting.toSorted((a, b) => rankOf(a) - rankOf(b)).map((word) => [word.key, word] as const),
  )
}

/** Nobody speaks of more ports of one container by themselves. */
export const mostPorts = 64

/** The one port that a word speaks of. */
export function portOfWord({ ports }: Word): number | undefined {
  return ports && ports.lowest === ports.highest ? ports.lowest : undefined
}

/** `SERVICE_<KEY>`, `SERVICE_<port>_<KEY>`, `SERVICE_<low>-<high>_<KEY>`, the last two also with `_tcp_` or `_udp_`. */
function wordOf(from: Given['from'], name: string, text: string): Word[] {
  if (!name.startsWith('SERVICE_')) return []
  const rest = name.slice('SERVICE_'.length).toLowerCase()
  const [, low, high = low, transport, key] =
    /^(\d+)(?:-(\d+))?_(?:(tcp|udp)_)?(.+)$/s.exec(rest) ?? []
  const trimmed = { from, name, text: text.trim() }
  if (low === undefined || key === undefined) {
    return rest === '' ? [] : [{ ...trimmed, ports: undefined, transport: undefined, key: rest }]
  }
  const ports = { lowest: Number(low), highest: Number(high) }
  const known = transport === 'tcp' || transport === 'udp' ? transport : undefined
  return [{ ...trimmed, ports, transport: known, key }]
}

function isGeneral({ ports }: Word): boolean {
  return ports === undefined
}

function speaksOf(
  { ports, transport }: Word,
  { port, protocol }: Pick<ContainerPort, 'port' | 'protocol'>,
): boolean {
  const fits = ports === undefined || (ports.lowest <= port && port <= ports.highest)
  return fits && (transport ?? protocol) === protocol
}

function rankOf(word: Word): number {
  const place = word.ports === undefined ? 0 : portOfWord(word) === undefined ? 1 : 2
  return place * 4 + (word.transport === undefined ? 0 : 2) + (word.from === 'label' ? 1 : 0)
}
