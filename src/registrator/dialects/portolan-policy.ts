import { healthSchema, type Policy, probeSchema, stickySchema } from '../../core/policy.ts'
import type { LabelReader } from './labels.ts'
import type { Said } from './portolan-labels.ts'

export type SaidPolicy = Partial<Omit<Policy, 'middlewares'>>

/** How requests are to be spread. Labels that say nothing without another one are problems. */
export function policyOf(said: Said, reader: LabelReader): SaidPolicy {
  const { lb, sticky, canary, mirror, fallback, locality, 'slow-start': slowStartMs } = said.values
  const { 'proxy-protocol': version } = said.values
  const health = healthIn(said, reader)
  const probe = probeIn(said, reader)
  return {
    ...(lb !== undefined && { balance: lb }),
    ...(sticky !== undefined && { sticky: sticky && stickySchema.parse(sticky) }),
    ...(health && { health }),
    ...(probe && { probe }),
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

const ofProbe = [
  'probe.port',
  'probe.user',
  'probe.password-file',
  'probe.interval',
  'probe.timeout',
  'probe.rise',
  'probe.fall',
]

function probeIn(said: Said, reader: LabelReader) {
  const { values } = said
  if (!values.probe) {
    if (!said.broken.has('probe')) for (const key of ofProbe) sayIdle(said, key, 'probe', reader)
    return undefined
  }
  return probeSchema.parse({
    ...values.probe,
    port: values['probe.port'],
    user: values['probe.user'],
    passwordFile: values['probe.password-file'],
    intervalMs: values['probe.interval'],
    timeoutMs: values['probe.timeout'],
    rise: values['probe.rise'],
    fall: values['probe.fall'],
  })
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
