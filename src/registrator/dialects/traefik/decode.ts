import type { Problem } from '../../../core/problems.ts'
import { didYouMean } from '../../../core/suggest.ts'
import { type LabelReader, listOf, portOf } from '../labels.ts'
import { childrenOf, leavesOf, type Node } from './tree.ts'
import { goBoolean, goDurationMs, goInteger, ipv6BitsOf, rangeOf } from './values.ts'

/**
 * What a node says; undefined, and a problem of severity `error`, when it can't be read. What is not known is a
 * `warning`, and harms nothing else.
 */
export type Read<T> = (node: Node, reader: LabelReader) => T | undefined

export const text = scalar((value) => value)
export const boolean = scalar(goBoolean)
export const integer = scalar(goInteger)
export const durationMs = scalar(goDurationMs)
export const ipv6Bits = scalar(ipv6BitsOf)
export const port = scalar(portOf)
export const strings = list((value) => value)
export const ranges = list(rangeOf)

/** One value. */
export function scalar<T>(parse: (value: string) => T): Read<T> {
  return (node, reader) => {
    for (const child of childrenOf(node)) sayUnknown(child, [], reader)
    return node.text === undefined ? undefined : reader.read(node.label, node.text, parse)
  }
}

/** Values between commas, or one by one as `name[0]`. */
function list<T>(parse: (value: string) => T): Read<T[]> {
  return (node, reader) => {
    const counted = childrenOf(node).flatMap((child) => child.text ?? [])
    const all = [...listOf(node.text ?? ''), ...counted]
    return reader.read(node.label, all.join(','), () => all.map(parse))
  }
}

/** Values by names that are free, such as headers. */
export const pairs: Read<Record<string, string>> = (node, reader) => {
  const read = childrenOf(node).map((child) => [child.name, text(child, reader)] as const)
  return Object.fromEntries(
    read.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/** `name[0].field`, `name[1].field` … */
export function items<T>(read: Read<T>): Read<T[]> {
  return (node, reader) => {
    const inOrder = childrenOf(node).toSorted((a, b) => indexOf(a) - indexOf(b))
    return inOrder.flatMap((child) => read(child, reader) ?? [])
  }
}

function indexOf({ name }: Node): number {
  return Number(name.slice(1, -1))
}

type Fields = Readonly<Record<string, Read<unknown>>>
export type Values<F> = {
  readonly [K in keyof F]?: F[K] extends Read<infer T> ? T | undefined : never
}

/** Options by name. One that is not known is a problem of its own. */
export function struct<const F extends Fields>(fields: F): Read<Values<F>>
export function struct(fields: Fields): Read<object> {
  return (node, reader) => {
    if (node.text) reader.note(node.label, node.text, needsOption(fields))
    return readFields(node, fields, reader)
  }
}

/** Like `struct`, and `true` or an empty text says that it is wanted with its defaults. */
export function optional<const F extends Fields>(fields: F): Read<Values<F>>
export function optional(fields: Fields): Read<object> {
  return (node, reader) => {
    const on = node.text ? reader.read(node.label, node.text, goBoolean) : true
    if (node.children.size === 0 && on !== true) return undefined
    return readFields(node, fields, reader)
  }
}

function readFields(node: Node, fields: Fields, reader: LabelReader): object {
  const values = new Map<string, unknown>()
  for (const child of childrenOf(node)) {
    const name = child.name.toLowerCase()
    const read = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (read) values.set(name, read(child, reader))
    else sayUnknown(child, Object.keys(fields), reader)
  }
  return Object.fromEntries(values)
}

/** An option that has no place here: said, with the reason, and nothing else follows. */
export function without(
  why: string,
  remedy: string,
  severity: Problem['severity'] = 'warning',
): Read<never> {
  return (node, reader) => {
    for (const leaf of leavesOf(node))
      reader.note(leaf.label, leaf.text ?? '', { severity, why, remedy })
    return undefined
  }
}

/** An option that is about something that is so here in any case. */
export function needless(why: string): Read<never> {
  return without(why, 'leave it out, or let it stand', 'note')
}

/** What `read` gives, unless there was an error in it: half of an option is none. */
export function whole<T>(read: (reader: LabelReader) => T, reader: LabelReader): T | undefined {
  const before = errorsOf(reader)
  const value = read(reader)
  return errorsOf(reader) === before ? value : undefined
}

function errorsOf({ problems }: LabelReader): number {
  return problems.filter(({ severity }) => severity === 'error').length
}

/** A problem for each label at and below `node`, which nobody reads. */
export function sayUnknown(node: Node, known: readonly string[], reader: LabelReader): void {
  const near = didYouMean(node.name.toLowerCase(), known)
  for (const leaf of leavesOf(node)) {
    reader.note(leaf.label, leaf.text ?? '', {
      severity: 'warning',
      why: `there is no ${node.name} here${near}`,
      remedy: known.length === 0 ? 'leave it out' : `use one of ${known.join(', ')}`,
    })
  }
}

function needsOption(fields: Fields) {
  const names = Object.keys(fields).join(', ')
  return { severity: 'warning', why: 'it takes options, no value', remedy: `use ${names}` } as const
}

/** A problem of a label whose value may be a secret: without the value. */
export function masked(problem: Problem): Problem {
  const [, label = ''] = /^(label [^=]*)=/.exec(problem.what) ?? []
  const secret = /auth|header|user|password|secret|token/i.test(label)
  return secret ? { ...problem, what: `${label}="…"` } : problem
}
