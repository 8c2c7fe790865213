import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { type Answer, type Job, overdue } from './job.ts'
import { noCatalog, noKeys } from './reads.ts'

export type HandOptions = {
  /** Has the templates. */
  readonly folder: string
  /** Memory that it may have, in MiB. */
  readonly megabytes: number
  readonly onEnd: (hand: Hand) => void
}

/** It looks at its own clock; this is for one that does not even do that. */
const graceMs = 10_000
const startMs = 60_000

/** A process that renders. */
export class Hand {
  private readonly options: HandOptions
  private readonly child: ChildProcess
  private readonly ready = Promise.withResolvers<void>()
  private isUsable = true
  private killed = false
  private answered: (answer: Answer | undefined) => void = () => {}

  /** Starts it. */
  constructor(options: HandOptions) {
    const child = forked(options)
    this.options = options
    this.child = child
    child.on('message', (message: Answer | 'ready') => {
      if (message === 'ready') this.ready.resolve()
      else this.answered(message)
    })
    child.once('exit', () => this.ended())
    child.on('error', () => {
      // of one that has begun, the end tells more than a message that did not get there
      if (child.pid === undefined) this.ended()
    })
    keepAlive(child, false)
  }

  get usable(): boolean {
    return this.isUsable
  }

  /** Settles always; one job at a time. After `usable` has become false no more. */
  async work(job: Job): Promise<Answer> {
    const { child } = this
    keepAlive(child, true)
    await this.within(startMs, this.ready.promise)
    const answer = await this.within(job.limitMs + graceMs, this.asked(job))
    keepAlive(child, false)
    return answer ?? lost(job, this.killed, child, this.options.megabytes)
  }

  end(): void {
    this.isUsable = false
    this.child.kill('SIGKILL')
  }

  /** Undefined when it ends without an answer. */
  private asked(job: Job): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      this.answered = resolve
      if (this.isUsable) this.child.send(job)
      else resolve(undefined)
    })
  }

  private ended(): void {
    this.isUsable = false
    this.ready.resolve()
    this.answered(undefined)
    this.options.onEnd(this)
  }

  private async within<T>(ms: number, promise: Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.kill(), ms)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
    }
  }

  private kill(): void {
    this.killed = true
    this.child.kill('SIGKILL')
  }
}

function forked({ folder, megabytes }: HandOptions): ChildProcess {
  return fork(fileURLToPath(new URL('process.ts', import.meta.url)), [folder], {
    execArgv: [`--max-old-space-size=${megabytes}`],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
}

/** Whether an idle one holds up our end. */
function keepAlive(child: ChildProcess, keep: boolean) {
  if (keep) {
    child.ref()
    child.channel?.ref()
  } else {
    child.unref()
    child.channel?.unref()
  }
}

/** The answer to a job that nobody did; it is worth another try. */
export function unanswered({ src }: Job, why: string): Answer & { readonly kind: 'failed' } {
  const seen = {
    files: new Map<string, string>(),
    keys: noKeys(),
    catalog: noCatalog(),
    names: new Set<string>(),
  }
  return {
    kind: 'failed',
    code: 'command',
    message: `template ${src} was not rendered: ${why}`,
    seen,
  }
}

function lost(job: Job, killed: boolean, child: ChildProcess, megabytes: number): Answer {
  const how = child.signalCode ?? `exit code ${child.exitCode}`
  const failed = unanswered(job, `its process ended (${how})`)
  if (killed) return { ...failed, code: 'template', message: overdue(job) }
  // V8 aborts when it is out of memory
  if (child.signalCode === 'SIGABRT' || child.signalCode === 'SIGTRAP' || child.exitCode === 134) {
    const message = `template ${job.src} takes more than ${megabytes} MiB of memory; give it less to do`
    return { ...failed, code: 'template', message }
  }
  return failed
}
