import type { z } from 'zod'

import { type Middleware, middlewareSchema } from '../../../core/middleware.ts'
import type { LabelReader } from '../labels.ts'
import {
  integer,
  ipv6Bits,
  type Read,
  struct,
  strings,
  text,
  boolean,
  whole,
  without,
} from './decode.ts'
import type { Node } from './tree.ts'

/** A middleware before its defaults are filled in. */
export type Draft = z.input<typeof middlewareSchema>

/** What one type of middleware is here: one of ours, or several in a row; undefined when it can't be read. */
export type Kind = (node: Node, reader: LabelReader) => readonly Draft[] | undefined

/** `make` gives the middlewares, or the reason why there is none. */
export function kind<T>(read: Read<T>, make: (options: T) => readonly Draft[] | string): Kind {
  return (node, reader) => {
    // what was said badly is not missing as well
    const options = whole((one) => read(node, one), reader)
    if (options === undefined) return undefined
    const made = make(options)
    if (typeof made !== 'string') return made
    reader.note(node.label, '…', { severity: 'error', why: made, remedy: 'give it that option' })
    return undefined
  }
}

/** A type that nothing here is like; the routes that use it are closed. */
export function none(why: string, remedy: string): Kind {
  const read = without(why, remedy, 'error')
  return (node, reader) => read(node, reader)
}

/** With defaults; a value out of its limits is a problem. */
export function checked(draft: Draft, node: Node, reader: LabelReader): Middleware | undefined {
  const result = middlewareSchema.safeParse(draft)
  if (result.success) return result.data
  reader.note(node.label, '…', {
    severity: 'error',
    why: `a value is out of its limits: ${limitsOf(result.error)}`,
    remedy: 'correct it',
  })
  return undefined
}

/** The union's issue says nothing; the one of the branch that has this kind does. */
function limitsOf({ issues }: z.ZodError): string {
  const branches = issues.flatMap((issue) => (issue.code === 'invalid_union' ? issue.errors : []))
  const near = branches.find((branch) => branch.every(({ code }) => code !== 'unrecognized_keys'))
  return (near ?? issues).map(({ path, message }) => `${path.join('.')}: ${message}`).join(', ')
}

const ipStrategy = struct({
  depth: integer,
  excludedips: strings,
  ipv6subnet: ipv6Bits,
})

type Strategy = {
  readonly depth?: number | undefined
  readonly excludedips?: string[] | undefined
  readonly ipv6subnet?: number | undefined
}

/** By which address a client is known. */
export const strategy = ipStrategy

export function sourceOf(strategies: Strategy | undefined) {
  if (!strategies) return undefined
  const { depth: ipDepth, excludedips: ipExclude, ipv6subnet: ipv6Subnet } = strategies
  return { ipDepth, ipExclude, ipv6Subnet }
}

/** What requests are counted by. */
export const criterion = struct({
  ipstrategy: ipStrategy,
  requestheadername: text,
  requesthost: boolean,
})

type Criterion = {
  readonly ipstrategy?: Strategy | undefined
  readonly requestheadername?: string | undefined
  readonly requesthost?: boolean | undefined
}

export function criterionOf(given: Criterion | undefined) {
  if (!given) return undefined
  return { ...sourceOf(given.ipstrategy), header: given.requestheadername, host: given.requesthost }
}
