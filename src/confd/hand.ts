import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { type Answer, type Job, overdue } from './job.ts'
import { noCatalog, noKeys } from './reads.ts'

/** A process that renders. */
export type Hand = {
  /** Settles always; one job at a time. After `usable` has become false no more. */
  work(job: Job): Promise<Answer>
  readonly usable: boolean
  end(): void
}

/** It looks at its own clock; this is for one that does not even do that. */
const graceMs = 10_000
const startMs = 60_000

/** Starts one for the templates of `folder`, which may have `megabytes` of memory. */
export function startHand(folder: string, megabytes: number, onEnd: (hand: Hand) => void): Hand {
  const child = fork(fileURLToPath(new URL('process.ts', import.meta.url)), [folder], {
    execArgv: [`--max-old-space-size=${megabytes}`],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  let usable = true
  let killed = false
  let answered: (answer: Answer | undefined) => void = () => {}
  const ready = Promise.withResolvers<void>()
  child.on('message', (message: Answer | 'ready') => {
    if (message === 'ready') ready.resolve()
    else answered(message)
  })
  const ended = () => {
    usable = false
    ready.resolve()
    answered(undefined)
    onEnd(hand)
  }
  child.once('exit', ended)
  child.on('error', () => {
    // of one that has begun, the end tells more than a message that did not get there
    if (child.pid === undefined) ended()
  })
  const kill = () => {
    killed = true
    child.kill('SIGKILL')
  }
  const within = async <T>(ms: number, promise: Promise<T>) => {
    const timer = setTimeout(kill, ms)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
    }
  }
  const hand: Hand = {
    get usable() {
      return usable
    },
    async work(job) {
      keepAlive(child, true)
      await within(startMs, ready.promise)
      const answer = await within(
        job.limitMs + graceMs,
        new Promise<Answer | undefined>((resolve) => {
          answered = resolve
          if (usable) child.send(job)
          else resolve(undefined)
        }),
      )
      keepAlive(child, false)
      return answer ?? lost(job, killed, child, megabytes)
    },
    end() {
      usable = false
      child.kill('SIGKILL')
    },
  }
  keepAlive(child, false)
  return hand
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
