import { PortolanError } from '../core/errors.ts'
import { isRange, rangesOf } from '../core/ranges.ts'

/** Whether a peer's forwarding headers are believed. */
export type Trust = (address: string) => boolean

/** From addresses and ranges. Throws `bad-config` for what is neither. */
export function trustOf(ranges: readonly string[]): Trust {
  const bad = ranges.find((range) => !isRange(range))
  if (bad === undefined) return rangesOf(ranges)
  throw new PortolanError(
    'bad-config',
    `--trust ${JSON.stringify(bad)} is neither an address nor a range; write one such as 10.0.0.0/8`,
  )
}
