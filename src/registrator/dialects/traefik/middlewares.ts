import type { Middleware } from '../../../core/middleware.ts'
import { didYouMean } from '../../../core/suggest.ts'
import { type LabelReader, sayClosed } from '../labels.ts'
import { integer, sayUnknown, strings, struct, whole } from './decode.ts'
import { accessKinds, allowList } from './middleware-access.ts'
import { headersKind } from './middleware-headers.ts'
import { checked, type Draft, kind, type Kind } from './middleware-kind.ts'
import { pathKinds } from './middleware-paths.ts'
import { trafficKinds } from './middleware-traffic.ts'
import { childrenOf, childOf, type Node } from './tree.ts'

type Kinds = Readonly<Record<string, Kind>>

const http: Kinds = { ...pathKinds, ...accessKinds, ...trafficKinds, headers: headersKind }

const tcp: Kinds = {
  ipallowlist: allowList,
  ipwhitelist: allowList,
  inflightconn: kind(struct({ amount: integer }), ({ amount }) =>
    amount === undefined ? 'amount is missing' : [{ inFlight: { amount } }],
  ),
}

/** Middlewares that a container declares, and how its routers find them. */
export type Declared = {
  /**
   * The names that a router's list stands for, in its order. What this container does not declare stays in it: another
   * one may, and while nobody does the proxy closes the routes that use it.
   */
  readonly refer: (names: readonly string[], label: string) => string[]
}

/**
 * `root` is the tree of `traefik.http` or `traefik.tcp`. `known` gets them by the names that routes use, Traefik's full
 * ones such as `auth@docker`; those among them that nobody can read, now or when they are referred to, close routes.
 */
export function middlewaresOf(
  root: Node,
  protocol: 'http' | 'tcp',
  reader: LabelReader,
  known: Record<string, Middleware>,
): Declared {
  const nodes = childrenOf(childOf(root, 'middlewares'))
  const names = new Map(nodes.map(({ name }) => [name.toLowerCase(), fullName(name, protocol)]))
  const refer = (list: readonly string[], label: string) =>
    list.map((name) => {
      const full = referred(name, protocol, names, label, reader)
      if (!full.endsWith('@docker')) known[full] = { unread: label }
      return full
    })
  const kinds = protocol === 'tcp' ? tcp : { ...http, chain: chainOf(refer) }
  for (const node of nodes) {
    const from = reader.problems.length
    const made = whole((one) => declared(node, kinds, one), reader)
    if (!made) sayClosed(reader, from)
    const list = named(fullName(node.name, protocol), made ?? [{ unread: node.label }])
    for (const [name, one] of list) known[name] = one
  }
  return { refer }
}

/** HTTP and TCP have names of their own; a dot is in none of them. */
export function fullName(name: string, protocol: 'http' | 'tcp'): string {
  return `${protocol === 'tcp' ? 'tcp.' : ''}${name}@docker`
}

function declared(node: Node, kinds: Kinds, reader: LabelReader): Middleware[] | undefined {
  const [type, ...others] = childrenOf(node)
  if (!type) {
    sayUnknown(node, [], reader)
    return undefined
  }
  const typeName = type.name.toLowerCase()
  const make = Object.hasOwn(kinds, typeName) ? kinds[typeName] : undefined
  if (!make || others.length > 0) {
    reader.note(node.label, '…', make ? twoTypes(type, others) : noType(type, kinds))
    return undefined
  }
  const drafts: readonly Draft[] | undefined = make(type, reader)
  return drafts?.flatMap((draft) => checked(draft, type, reader) ?? [])
}

/** One of Traefik's that is several of ours, or none, is a chain of these. */
function named(name: string, parts: readonly Middleware[]): [string, Middleware][] {
  const [first] = parts
  if (first && parts.length === 1) return [[name, first]]
  const members = parts.map((part, i): [string, Middleware] => [`${name}.${i + 1}`, part])
  return [[name, { chain: members.map(([member]) => member) }], ...members]
}

function chainOf(refer: Declared['refer']): Kind {
  const read = struct({ middlewares: strings })
  return (node, reader) => {
    const list = read(node, reader)?.middlewares ?? []
    if (list.length > 0) return [{ chain: refer(list, `${node.label}.middlewares`) }]
    const why = 'middlewares is missing'
    reader.note(node.label, '…', { severity: 'error', why, remedy: 'give it that option' })
    return undefined
  }
}

function referred(
  text: string,
  protocol: 'http' | 'tcp',
  names: ReadonlyMap<string, string>,
  label: string,
  reader: LabelReader,
): string {
  const [name = '', provider = 'docker'] = text.split('@')
  const known = names.get(name.toLowerCase())
  if (known !== undefined && provider === 'docker') return known
  if (provider === 'docker') return fullName(name, protocol)
  reader.note(label, text, {
    severity: 'error',
    why: `middlewares of Traefik's provider ${provider} are not read; routes that use it are closed`,
    remedy: `declare it with labels of a container: traefik.${protocol}.middlewares.${name}.…`,
  })
  return `${name}@${provider}`
}

function noType({ name }: Node, kinds: Kinds) {
  const near = didYouMean(name.toLowerCase(), Object.keys(kinds))
  return {
    severity: 'error',
    why: `there is no type of middleware ${name}${near}`,
    remedy: `use one of ${Object.keys(kinds).join(', ')}`,
  } as const
}

function twoTypes({ name }: Node, others: readonly Node[]) {
  const all = [name, ...others.map((one) => one.name)].join(', ')
  return {
    severity: 'error',
    why: `one name stands for several types: ${all}`,
    remedy: 'give each a name of its own, and name all of them at the router',
  } as const
}
