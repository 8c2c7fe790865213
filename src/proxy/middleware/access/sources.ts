import { plainAddress, isRange, rangesOf } from '../../../core/ranges.ts'
import type { RequestDraft } from '../draft.ts'

/** What requests are told apart by. */
export type SourceOptions =
  | {
      readonly ipDepth?: number | undefined
      readonly ipExclude?: readonly string[] | undefined
      readonly header?: string | undefined
      readonly host?: boolean | undefined
    }
  | undefined

/** Undefined: the request doesn't say. */
export type SourceReader = (request: RequestDraft) => string | undefined

/** By header or host if that is asked for, else by address. */
export function sourceReader(options: SourceOptions): SourceReader {
  const { header, host } = options ?? {}
  if (header !== undefined && header !== '') return ({ headers }) => headers.get(header)
  if (host === true) return (request) => request.host
  return addressReader(options)
}

/**
 * The client's address: the peer's; or of X-Forwarded-For, which is there only if the peer is trusted, the `ipDepth`-th
 * from the right, or the rightmost that isn't in `ipExclude`.
 */
export function addressReader(options: SourceOptions): SourceReader {
  const { ipDepth: depth = 0, ipExclude: excluded = [] } = options ?? {}
  if (depth > 0) return (request) => forwardedFor(request).at(-depth)
  if (excluded.length === 0) return ({ ip }) => plainAddress(ip)
  const isExcluded = rangesOf(excluded)
  return (request) => forwardedFor(request).findLast((ip) => !isExcluded(ip))
}

/** What is wrong with the options, if anything. */
export function sourceProblem(options: SourceOptions): string | undefined {
  return rangesProblem(options?.ipExclude ?? [])
}

export function rangesProblem(ranges: readonly string[]): string | undefined {
  const bad = ranges.find((range) => !isRange(range))
  return bad === undefined ? undefined : `${JSON.stringify(bad)} is no address and no range`
}

function forwardedFor({ headers }: RequestDraft): string[] {
  const all = headers.get('x-forwarded-for')?.split(',') ?? []
  return all.map((one) => plainAddress(one.trim())).filter((one) => one !== '')
}
