import { messageOf, isTransient } from '../core/errors.ts'
import { anyChange, type Live } from '../core/live.ts'
import type { Log } from '../core/log.ts'
import { type Backoff, backoffMs } from '../core/retry.ts'
import { createBell } from './bell.ts'
import type { Memory } from './memory.ts'
import type { MirrorPool, MirrorReader } from './mirrors.ts'
import { type NameWatch, watchNames } from './name-watch.ts'
import { type Outcome, type PassOptions, passOver } from './pass.ts'
import { covers, printOf, samePrint, touches } from './reads.ts'
import { type Looked, nothingLooked } from './render.ts'
import { nothingShown, type Shown, shownAfter } from './shown.ts'
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

/** One resource's loop: it renders when something changed that its last render has looked at. */
export class Worker {
  private readonly options: WorkerOptions
  private readonly bell = createBell()
  private readonly names: NameWatch
  private memory: Memory | undefined
  private looked: Looked = nothingLooked
  /** A render is under way, and may have read what `looked` does not say. */
  private rendering = false
  /** Of the files, as we left them. */
  private stamps: Outcome['stamps'] = new Map()
  private shown: Shown
  private failures = 0

  constructor(options: WorkerOptions) {
    this.options = options
    this.names = watchNames(options.lookups, () => this.bell.ring())
    this.shown = nothingShown(options.resource.each !== undefined)
  }

  view(): ResourceView {
    const { memory, shown } = this
    const { name, src, dest } = this.options.resource
    const reload = memory?.pending ? { failures: memory.pending.failures } : null
    return { name, src, dest, ...shown, output: memory?.output ?? '', reload }
  }

  /** Ready instances that the last render left out, and what to do. */
  unreachable(): Looked['unreachable'] {
    return this.looked.unreachable
  }

  /** Why a due reload, or which files are ours, would be forgotten by a restart; undefined: it would not. */
  forgetful(): string | undefined {
    return this.memory?.forgetful ?? this.memory?.ledger?.fault
  }

  /** Look at the template files and the destination again. */
  filesChanged(): void {
    const files = [...this.looked.files, ...this.stamps]
    if (files.some(([path, was]) => stampOf(path) !== was)) this.bell.ring()
  }

  /** Keeps the resource's file true until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { resource, pool } = this.options
    const mirrors = new Map(resource.keys.map((key) => [key, pool.use(key, signal)]))
    const unread = new Set(mirrors.keys())
    const following = [...mirrors].map(([key, mirror]) =>
      this.followKey(key, mirror, unread, signal),
    )
    const rendering = this.render([...mirrors.values()], unread, signal)
    await Promise.all([...following, this.followCatalog(signal), rendering])
  }

  /** Rings when something changed that was read; takes the key off `unread` once it has been read. */
  private async followKey(
    key: string,
    mirror: MirrorReader,
    unread: Set<string>,
    signal: AbortSignal,
  ): Promise<void> {
    for await (const changed of mirror.follow(signal)) {
      const first = unread.delete(key)
      if (first || changed.values().some((one) => this.concerns(key, one))) this.bell.ring()
    }
  }

  /** Whether `changed`, of the resource's `key`, may change what was rendered. */
  private concerns(key: string, changed: string): boolean {
    const { keys: read } = this.looked
    if (!covers(key, changed)) return false
    const seenAs = changed.slice(this.options.resource.prefix.length) || '/'
    return this.rendering || !read || touches(read, seenAs)
  }

  private async followCatalog(signal: AbortSignal): Promise<void> {
    const { catalog, vantage } = this.options
    let from = vantage.current
    for await (const _ of anyChange([catalog, vantage], signal)) {
      const { catalog: read, print } = this.looked
      const moved = read.asked && !Object.is(from, vantage.current)
      from = vantage.current
      if (this.rendering || moved || !samePrint(print, printOf(catalog.current, read))) {
        this.bell.ring()
      }
    }
  }

  private async render(
    mirrors: readonly MirrorReader[],
    unread: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<void> {
    const { bell, names } = this
    let again: NodeJS.Timeout | undefined
    const memory = await this.options.memory
    this.memory = memory
    // The resource may have been corrected: what was given up is worth another try.
    memory.refused = undefined
    for await (const _ of bell.rings(this.options.resource.wait, signal)) {
      clearTimeout(again)
      if (unread.size > 0) continue
      const inMs = await this.turn(memory, mirrors, signal)
      if (inMs !== undefined) again = setTimeout(() => bell.ring(), inMs)
      names.follow(this.looked.names)
    }
    clearTimeout(again)
    names.stop()
  }

  /** One pass, reported; milliseconds until the next try if it failed in a way that trying again may cure. */
  private async turn(
    memory: Memory,
    mirrors: readonly MirrorReader[],
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { options } = this
    const leave = options.tools.reloads.enter(options.resource.group)
    this.rendering = true
    const onLooked = (looked: Looked) => {
      this.looked = looked
      this.rendering = false
    }
    const outcome = await passOver({ ...options, memory, mirrors }, this.looked, onLooked, signal)
    leave()
    if (signal.aborted) return undefined
    // The files themselves are looked at, too: what others do to them is put right.
    this.stamps = outcome.stamps
    const lastError = outcome.state === 'failed' ? messageOf(outcome.error) : null
    tell(options, memory, outcome, lastError === this.shown.lastError ? null : lastError)
    this.failures = lastError === null ? 0 : this.failures + 1
    const inMs = nextTryInMs(memory, outcome, this.failures, options.retry)
    this.shown = shownAfter(outcome, lastError, this.shown, inMs)
    options.onChange()
    return inMs
  }
}

function nextTryInMs(
  memory: Memory,
  { state, error, dueInMs }: Outcome,
  failures: number,
  retry: Backoff,
): number | undefined {
  if (dueInMs !== undefined) return dueInMs
  const curable = state === 'failed' && isTransient(error) && !memory.refused
  return curable ? backoffMs(failures - 1, retry) : undefined
}

/** The one report of an outcome; `news`: its error, if the last pass had another one or none. */
function tell(
  { resource, log, onOutcome }: WorkerOptions,
  memory: Memory,
  outcome: Outcome,
  news: string | null,
): void {
  if (outcome.state === 'waiting') return
  onOutcome(outcome)
  const { name, dest } = resource
  const output = memory.output === '' ? {} : { output: memory.output }
  for (const file of outcome.files) {
    const one = { resource: name, dest: file.dest }
    const { state, diff } = file
    if (state === 'written') log.info({ ...one, ...output }, 'file written')
    if (state === 'removed') log.info({ ...one, ...output }, 'file removed: its item is gone')
    if (state === 'would-write') log.info({ ...one, diff }, 'file differs')
    if (state === 'would-remove') log.info({ ...one, diff }, 'file would be removed')
  }
  if (news !== null) {
    const fields = { resource: name, dest, ...output, error: news }
    log.error(fields, 'file not written, the last good one stays')
  }
}
