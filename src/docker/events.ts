import type { Readable } from 'node:stream'

import { z } from 'zod'

import { PortolanError } from '../core/errors.ts'

/** What an event says about one container. */
export type ContainerEvent = {
  readonly id: string
  readonly change:
    | { readonly kind: 'started' | 'ended' | 'destroyed' | 'paused' | 'unpaused' | 'altered' }
    | { readonly kind: 'killed'; readonly signal: string }
    | { readonly kind: 'health'; readonly health: 'starting' | 'healthy' | 'unhealthy' }
  /** `seconds.nanoseconds` by the engine's clock: digits as text, a number would round them. */
  readonly at: string
}

/**
 * What we subscribe to, filtered by the engine: health checks alone emit three `exec_` events for each probe.
 * No filter by label, which would drop the events of networks.
 */
export const eventFilters: Readonly<Record<string, readonly string[]>> = {
  type: ['container', 'network'],
  event:
    'start die pause unpause kill stop destroy rename update health_status connect disconnect'.split(
      ' ',
    ),
}

/** Reads one line of the stream. Undefined for an event that is no business of ours; throws for no event at all. */
export function eventOf(line: string): ContainerEvent | undefined {
  const { Type, Action, Actor } = event.parse(JSON.parse(line))
  const attributes = Actor.Attributes ?? {}
  const at = timeOf(line)
  if (Type === 'network') {
    const id = attributes['container'] ?? ''
    return id === '' ? undefined : { id, change: { kind: 'altered' }, at }
  }
  const change = changeOf(Action, attributes)
  return Type === 'container' && change ? { id: Actor.ID, change, at } : undefined
}

const event = z.object({
  Type: z.string(),
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).nullish() }),
})

const kinds: ReadonlyMap<string, 'started' | 'ended' | 'destroyed' | 'paused' | 'unpaused'> =
  new Map([
    ['start', 'started'],
    ['die', 'ended'],
    ['destroy', 'destroyed'],
    ['pause', 'paused'],
    ['unpause', 'unpaused'],
  ])

function changeOf(
  action: string,
  attributes: Readonly<Record<string, string>>,
): ContainerEvent['change'] | undefined {
  const kind = kinds.get(action)
  if (kind) return { kind }
  if (action === 'kill') return { kind: 'killed', signal: attributes['signal'] ?? '' }
  const [name, health = ''] = action.split(': ')
  if (name === 'health_status') return healthChange(health)
  // `stop` comes after `die`, and may even come after the next `start`: it only says "look again"
  return ['stop', 'rename', 'update'].includes(action) ? { kind: 'altered' } : undefined
}

function healthChange(health: string): ContainerEvent['change'] {
  const known = health === 'healthy' || health === 'unhealthy' || health === 'starting'
  return known ? { kind: 'health', health } : { kind: 'altered' }
}

/** A label can't fake it: inside of a JSON string the quotes are escaped, and attributes are strings. */
function timeOf(line: string): string {
  const digits = /"timeNano":\s*(\d{10,})/.exec(line)?.[1] ?? ''
  return digits === '' ? '' : `${digits.slice(0, -9)}.${digits.slice(-9)}`
}

/** `seconds.nanoseconds` of an RFC 3339 time with any number of decimals; empty when it is none. */
export function sinceOf(time: string): string {
  const [, whole, decimals = '', zone] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(time) ?? []
  if (whole === undefined || zone === undefined) return ''
  return `${Date.parse(`${whole}${zone}`) / 1000}.${decimals.padEnd(9, '0').slice(0, 9)}`
}

/** Events have a container's labels in them, and labels have no limit. */
const maxLineLength = 8 * 2 ** 20

/**
 * Calls `onLine` for each line, at once and never pausing: an engine whose reader is slow loses events silently,
 * and makes every Docker command wait. Always rejects, once, when the stream is over, however that comes.
 */
export function readLines(stream: Readable, onLine: (line: string) => void): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  let rest = ''
  const over = (cause?: unknown) => {
    const message = 'the engine ended the stream of events'
    reject(new PortolanError('docker-down', message, cause === undefined ? {} : { cause }))
    stream.destroy()
  }
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') onLine(line)
    if (rest.length > maxLineLength) over(new Error(`a line longer than ${maxLineLength}`))
  })
  stream.on('error', over)
  for (const name of ['end', 'aborted', 'close']) stream.on(name, () => over())
  return promise
}
