import { rangesOf } from '../../../core/ranges.ts'
import { normalHost } from '../../../core/rule/host.ts'
import { refusal } from '../draft.ts'
import type { Stage } from '../stage.ts'
import { addressReader, type SourceOptions } from './sources.ts'

/** Refuses who is in none of the ranges. */
export function allowIp(options: {
  readonly ranges: readonly string[]
  readonly source?: SourceOptions
  readonly status: number
}): Stage {
  const isAllowed = rangesOf(options.ranges)
  const addressOf = addressReader(options.source)
  const answer = refusal(options.status, 'This address may not come in here.')
  return (request) => {
    const address = addressOf(request)
    return address !== undefined && isAllowed(address) ? undefined : { answer }
  }
}

/** Refuses requests for other hosts. */
export function allowHosts(hosts: readonly string[]): Stage {
  const allowed = new Set(hosts.flatMap((host) => normalHost(host) ?? []))
  const answer = refusal(421, 'This host is not served here.')
  return ({ host }) => (allowed.has(host) ? undefined : { answer })
}
