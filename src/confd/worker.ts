import { compare } from '../core/catalog.ts'
import { messageOf, isTransient } from '../core/errors.ts'
import { anyChange, type Live } from '../core/live.ts'
import type { Log } from '../core/log.ts'
import { type Backoff, backoffMs } from '../core/retry.ts'
import { type Bell, createBell } from './bell.ts'
import type { Memory } from './memory.ts'
import type { MirrorPool, MirrorReader } from './mirrors.ts'
import { watchNames } from './name-watch.ts'
import { type Outcome, type PassOptions, passOver } from './pass.ts'
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
  /** Why a due reload, or which files are ours, would be forgotten by a restart; undefined: it would not. */
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
  /** Of the files, as we left them. */
  stamps: Outcome['stamps']
  shown: Omit<ResourceView, 'name' | 'src' | 'dest' | 'output' | 'reload'>
  failures: number
}

/** One resource's loop: it renders when something changed that its last render has looked at. */
export function createWorker(options: WorkerOptions): Worker {
  const { resource, catalog, vantage, pool } = options
  let memory: Memory | undefined
  const { name, src, dest, keys, wait, each } = resource
  const bell = createBell()
  const names = watchNames(options.lookups, () => bell.ring())
  const standing: Standing = {
    looked: nothingLooked,
    rendering: false,
    stamps: new Map(),
    shown: {
      state: 'waiting',
      lastRendered: null,
      lastPublished: null,
      lastError: null,
      nextTry: null,
      files: each ? [] : null,
    },
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
      names.follow(standing.looked.names)
    }
    clearTimeout(again)
    names.stop()
  }

  const concernsOf = (key: string) => (changed: string) => {
    const { keys: read } = standing.looked
    if (!covers(key, changed)) return false
    const seenAs = changed.slice(resource.prefix.length) || '/'
    return standing.rendering || !read || touches(read, seenAs)
  }

  return {
    view: () => ({
      name,
      src,
      dest,
      ...standing.shown,
      output: memory?.output ?? '',
      reload: memory?.pending ? { failures: memory.pending.failures } : null,
    }),
    unreachable: () => standing.looked.unreachable,
    forgetful: () => memory?.forgetful ?? memory?.ledger?.fault,
    filesChanged() {
      const files = [...standing.looked.files, ...standing.stamps]
      if (files.some(([path, was]) => stampOf(path) !== was)) bell.ring()
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
  // The files themselves are looked at, too: what others do to them is put right.
  standing.stamps = outcome.stamps
  const before = standing.shown
  const lastError = state === 'failed' ? messageOf(error) : null
  tell(options, outcome, lastError, before.lastError)
  standing.failures = lastError === null ? 0 : standing.failures + 1
  const inMs = nextTryInMs(options, outcome, standing.failures)
  standing.shown = { ...shownOf(outcome, before, inMs), lastError }
  options.onChange()
  return inMs
}

function nextTryInMs(
  { memory, retry }: TurnOptions,
  { state, error, dueInMs }: Outcome,
  failures: number,
): number | undefined {
  if (dueInMs !== undefined) return dueInMs
  const curable = state === 'failed' && isTransient(error) && !memory.refused
  return curable ? backoffMs(failures - 1, retry) : undefined
}

function shownOf(
  { state, files }: Outcome,
  before: Standing['shown'],
  inMs: number | undefined,
): Omit<Standing['shown'], 'lastError'> {
  const now = new Date().toISOString()
  const rendered = state !== 'failed' && state !== 'waiting'
  const published = files.some((one) => one.state === 'written' || one.state === 'removed')
  const views = files
    .map(({ dest, state: is, error }) => ({ dest, state: is, error }))
    .toSorted((a, b) => compare(a.dest, b.dest))
  return {
    state,
    lastRendered: rendered ? now : before.lastRendered,
    lastPublished: published ? now : before.lastPublished,
    nextTry: inMs === undefined ? null : new Date(Date.now() + inMs).toISOString(),
    files: before.files && (files.length === 0 && state !== 'unchanged' ? before.files : views),
  }
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
  for (const { dest, state, diff } of outcome.files) {
    const one = { resource: resource.name, dest }
    if (state === 'written') log.info({ ...one, ...output }, 'file written')
    if (state === 'removed') log.info({ ...one, ...output }, 'file removed: its item is gone')
    if (state === 'would-write') log.info({ ...one, diff }, 'file differs')
    if (state === 'would-remove') log.info({ ...one, diff }, 'file would be removed')
  }
  if (error !== null && error !== before) {
    log.error({ ...fields, ...output, error }, 'file not written, the last good one stays')
  }
}
