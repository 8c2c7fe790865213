import { messageOf, isTransient } from '../core/errors.ts'
import { anyChange, type Live } from '../core/live.ts'
import type { Log } from '../core/log.ts'
import { type Backoff, backoffMs } from '../core/retry.ts'
import { type Bell, createBell } from './bell.ts'
import type { MirrorPool, MirrorReader } from './mirrors.ts'
import { type Outcome, type PassOptions, passOver } from './pass.ts'
import type { Memory } from './publish.ts'
import { covers, printOf, samePrint, touches } from './reads.ts'
import { type Looked, nothingLooked } from './render.ts'
import { stampOf } from './stamp.ts'
import type { ResourceView } from './view.ts'

export type WorkerOptions = Omit<PassOptions, 'mirrors' | 'memory'> & {
  /** What is known of the destination from before. */
  readonly memory: Promise<Memory>
  /** Changes when addresses may be others. */
  readonly vantage: Live<unknown>
  readonly pool: MirrorPool
  readonly retry: Backoff
  readonly log: Log
  /** Called when `view()` or `unreachable()` gives something else. */
  readonly onChange: () => void
  /** Called after each pass that did something: for counting. */
  readonly onOutcome: (outcome: Outcome) => void
}

export type Worker = {
  view(): ResourceView
  /** Ready instances that the last render left out, and what to do. */
  unreachable(): Looked['unreachable']
  /** Why a reload that is due would be forgotten by a restart; undefined: it would not. */
  forgetful(): string | undefined
  /** Look at the template files and the destination again. */
  filesChanged(): void
  /** Keeps the resource's file true until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
}

/** What a worker knows of its resource between turns. */
type Standing = {
  looked: Looked
  /** A render is under way, and may have read what `looked` does not say. */
  rendering: boolean
  /** Of the destination, as we left it. */
  destStamp: string | undefined
  shown: Pick<ResourceView, 'state' | 'lastRendered' | 'lastError'>
  failures: number
}

/** One resource's loop: it renders when something changed that its last render has looked at. */
export function createWorker(options: WorkerOptions): Worker {
  const { resource, catalog, vantage, pool } = options
  let memory: Memory | undefined
  const { name, src, dest, keys, wait } = resource
  const bell = createBell()
  const standing: Standing = {
    looked: nothingLooked,
    rendering: false,
    destStamp: undefined,
    shown: { state: 'waiting', lastRendered: null, lastError: null },
    failures: 0,
  }

  const followCatalog = async (signal: AbortSignal) => {
    let from = vantage.current
    for await (const _ of anyChange([catalog, vantage], signal)) {
      const { catalog: read, print } = standing.looked
      const moved = read.asked && !Object.is(from, vantage.current)
      from = vantage.current
      if (standing.rendering || moved || !samePrint(print, printOf(catalog.current, read))) {
        bell.ring()
      }
    }
  }
  const render = async (mirrors: Mirrors, unread: ReadonlySet<string>, signal: AbortSignal) => {
    let again: NodeJS.Timeout | undefined
    memory = await options.memory
    // The resource may have been corrected: what was given up is worth another try.
    memory.refused = undefined
    const parts = { ...options, memory }
    for await (const _ of bell.rings(wait, signal)) {
      clearTimeout(again)
      if (unread.size > 0) continue
      const inMs = await turn({ ...parts, mirrors: [...mirrors.values()] }, standing, signal)
      if (inMs !== undefined) again = setTimeout(() => bell.ring(), inMs)
    }
    clearTimeout(again)
  }

  const concernsOf = (key: string) => (changed: string) => {
    const { keys: read } = standing.looked
    if (!covers(key, changed)) return false
    const seenAs = changed.slice(resource.prefix.length) || '/'
    return standing.rendering || !read || touches(read, seenAs)
  }

  return {
    view: () => ({ name, src, dest, ...standing.shown, output: memory?.output ?? '' }),
    unreachable: () => standing.looked.unreachable,
    forgetful: () => memory?.forgetful,
    filesChanged() {
      const files = [...standing.looked.files]
      const stamp = standing.destStamp
      const isOther = stamp !== undefined && stampOf(dest) !== stamp
      if (isOther || files.some(([path, was]) => stampOf(path) !== was)) bell.ring()
    },
    async run(signal) {
      const mirrors: Mirrors = new Map(keys.map((key) => [key, pool.use(key, signal)]))
      const unread = new Set(mirrors.keys())
      const following = [...mirrors].map(([key, mirror]) =>
        followKey({ key, mirror, concerns: concernsOf(key) }, unread, bell, signal),
      )
      await Promise.all([...following, followCatalog(signal), render(mirrors, unread, signal)])
    },
  }
}

type Mirrors = ReadonlyMap<string, MirrorReader>

type Followed = {
  readonly key: string
  readonly mirror: MirrorReader
  /** Whether a change of that key may change what was rendered. */
  readonly concerns: (changed: string) => boolean
}

/** Rings when something changed that was read; takes the key off `unread` once it has been read. */
async function followKey(
  { key, mirror, concerns }: Followed,
  unread: Set<string>,
  bell: Bell,
  signal: AbortSignal,
) {
  for await (const changed of mirror.follow(signal)) {
    const first = unread.delete(key)
    if (first || changed.values().some(concerns)) bell.ring()
  }
}

type TurnOptions = Omit<WorkerOptions, 'memory'> & Pick<PassOptions, 'mirrors' | 'memory'>

/** One pass, reported; milliseconds until the next try if it failed in a way that trying again may cure. */
async function turn(
  options: TurnOptions,
  standing: Standing,
  signal: AbortSignal,
): Promise<number | undefined> {
  const onLooked = (looked: Looked) => {
    standing.looked = looked
    standing.rendering = false
  }
  const leave = options.tools.reloads.enter(options.resource.group)
  standing.rendering = true
  const outcome = await passOver(options, standing.looked, onLooked, signal)
  leave()
  if (signal.aborted) return undefined
  const { state, error } = outcome
  // The file itself is looked at, too: what others do to it is put right.
  standing.destStamp = outcome.stamp
  const lastError = state === 'failed' ? messageOf(error) : null
  tell(options, outcome, lastError, standing.shown.lastError)
  const rendered = state !== 'failed' && state !== 'waiting'
  const lastRendered = rendered ? new Date().toISOString() : standing.shown.lastRendered
  standing.shown = { state, lastRendered, lastError }
  options.onChange()
  standing.failures = lastError === null ? 0 : standing.failures + 1
  const curable = lastError !== null && isTransient(error) && !options.memory.refused
  if (outcome.dueInMs !== undefined) return outcome.dueInMs
  return curable ? backoffMs(standing.failures - 1, options.retry) : undefined
}

/** The one report of an outcome: what is new, and a failure only once. */
function tell(
  { resource, log, memory, onOutcome }: TurnOptions,
  outcome: Outcome,
  error: string | null,
  before: string | null,
) {
  if (outcome.state === 'waiting') return
  onOutcome(outcome)
  const fields = { resource: resource.name, dest: resource.dest }
  const output = memory.output === '' ? {} : { output: memory.output }
  if (outcome.state === 'written') log.info({ ...fields, ...output }, 'file written')
  if (outcome.state === 'would-write') log.info({ ...fields, diff: outcome.diff }, 'file differs')
  if (error !== null && error !== before) {
    log.error({ ...fields, ...output, error }, 'file not written, the last good one stays')
  }
}
