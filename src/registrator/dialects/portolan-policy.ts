import { healthSchema, type Policy, stickySchema } from '../../core/policy.ts'
import type { LabelReader } from './labels.ts'
import type { Said } from './portolan-labels.ts'

export type SaidPolicy = Partial<Omit<Policy, 'middlewares'>>

/** How requests are to be spread. Labels that say nothing without another one are problems. */
export function policyOf(said: Said, reader: LabelReader): SaidPolicy {
  const { lb, sticky, canary, mirror, fallback, locality, 'slow-start': slowStartMs } = said.values
  const { 'proxy-protocol': version } = said.values
  const health = healthIn(said, reader)
  const role = roleIn(said, reader)
  return {
    ...(lb !== undefined && { balance: lb }),
    ...(sticky !== undefined && { sticky: sticky && stickySchema.parse(sticky) }),
    ...(health && { health }),
    ...(role && { role }),
    ...(canary && { canary }),
    ...(mirror !== undefined && { mirror }),
    ...(fallback !== undefined && { fallback }),
    ...(locality !== undefined && { locality }),
    ...(slowStartMs !== undefined && { slowStartMs }),
    ...(version !== undefined && { proxyProtocol: version.endsWith('1') ? 1 : 2 }),
  }
}

function healthIn(said: Said, reader: LabelReader) {
  const { values } = said
  const more = ['health.interval', 'health.timeout', 'health.rise', 'health.fall', 'health.expect']
  if (!values.health) {
    if (!said.broken.has('health')) for (const key of more) sayIdle(said, key, 'health', reader)
    return undefined
  }
  const { kind, path } = values.health
  return healthSchema.parse({
    kind: kind === 'http' && values.scheme === 'https' ? 'https' : kind,
    path,
    intervalMs: values['health.interval'],
    timeoutMs: values['health.timeout'],
    rise: values['health.rise'],
    fall: values['health.fall'],
    expect: values['health.expect'],
  })
}

function roleIn(said: Said, reader: LabelReader) {
  const { role, probe } = said.values
  if (role !== undefined && probe !== undefined) return { role, probe }
  if (!said.broken.has('probe')) sayIdle(said, 'role', 'probe', reader)
  if (!said.broken.has('role')) sayIdle(said, 'probe', 'role', reader)
  return undefined
}

/** A label that means nothing without another. */
export function sayIdle(said: Said, key: string, other: string, reader: LabelReader): void {
  const value = Object.entries(said.values).find(([name]) => name === key)?.[1]
  if (value === undefined) return
  reader.note(`${said.prefix}${key}`, typeof value === 'string' ? value : JSON.stringify(value), {
    severity: 'warning',
    why: `it has no effect without ${said.prefix}${other}`,
    remedy: `add ${said.prefix}${other}, or remove it`,
  })
}
