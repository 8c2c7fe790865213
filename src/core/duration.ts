import { PortolanError } from './errors.ts'

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Milliseconds of `250ms`, `30s`, `5m`, `1m30s` or `1.5h`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined
  let total = 0
  for (const [, number = '', , unit = ''] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(number) * (unitMs[unit] ?? 0)
  }
  return Math.round(total)
}

/** As `parseDuration`, but throws `bad-value` with the remedy. */
export function durationMs(text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined) return ms
  throw new PortolanError(
    'bad-value',
    `${JSON.stringify(text)} is not a duration; write a number with a unit, such as 250ms, 30s or 5m`,
  )
}

/** The shortest of `250ms`, `30s`, `5m` that says `ms` exactly. */
export function formatDuration(ms: number): string {
  for (const unit of ['h', 'm', 's']) {
    const size = unitMs[unit] ?? 1
    if (ms > 0 && ms % size === 0) return `${ms / size}${unit}`
  }
  return `${ms}ms`
}
