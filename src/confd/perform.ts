import { createContext, Script } from 'node:vm'

import { messageOf, PortolanError } from '../core/errors.ts'
import { templateFunctions } from './functions/functions.ts'
import { type Answer, type Job, overdue, type Seen } from './job.ts'
import { kvFunctions } from './kv.ts'
import { mostQuestions, nameFunctions } from './names.ts'
import { performEach } from './perform-each.ts'
import { noCatalog, noKeys } from './reads.ts'
import { MoreNeeded, serviceFunctions } from './services.ts'
import type { Templates } from './template.ts'

/** More than this is no config file. */
const mostCharacters = 32 * 1024 * 1024

/**
 * Does one job. Never throws; ends in time, whatever the template does. `check` throws when the output is not as
 * it should be.
 */
export function performJob(
  templates: Templates,
  job: Job,
  check: (text: string) => void = () => {},
): Answer {
  const files = new Map<string, string>()
  const names = new Set<string>()
  const seen: Seen = { files, keys: noKeys(), catalog: noCatalog(), names }
  const globals = globalsOf(job, seen, names)
  let left = mostCharacters
  const render = (limitMs: number, values?: object) => {
    const content = within({ ...job, limitMs }, () => {
      const text = templates.render(job.src, globals, files, values)
      check(text)
      return text
    })
    left -= content.length
    if (left >= 0) return content
    const what = `template ${job.src} makes more than 32 MiB; give it less to write`
    throw new PortolanError('template', what)
  }
  const text = (label: string, source: string, limitMs: number, values: object) =>
    within({ ...job, limitMs }, () => templates.text(label, source, globals, files, values))
  const isUnfinished = (error: unknown) => unfinished(error, job, seen) !== undefined
  try {
    const result = job.each
      ? performEach(job.each, { limitMs: job.limitMs, render, text, isUnfinished })
      : { kind: 'content' as const, content: render(job.limitMs) }
    return unfinished(undefined, job, seen) ?? { ...result, seen }
  } catch (error) {
    const code = error instanceof PortolanError ? error.code : 'template'
    const failed = { kind: 'failed' as const, code, message: messageOf(error), seen }
    return unfinished(error, job, seen) ?? failed
  }
}

/** What has to be there before the job can be done; `error` is what came of it without. */
function unfinished(error: unknown, job: Job, seen: Seen): Answer | undefined {
  if (seen.catalog.asked && !job.catalog) return { kind: 'waiting', seen }
  if (hasMoreNeeded(error)) return { kind: 'more', seen }
  if (seen.names.size > mostQuestions) {
    const message = `template ${job.src} looks up more than ${mostQuestions} names; use less`
    return { kind: 'failed', code: 'template', message, seen }
  }
  const isKnown = [...seen.names].every((name) => job.names.has(name))
  return isKnown ? undefined : { kind: 'names', seen }
}

const box = createContext({ run: undefined })
const call = new Script('run()')

/** The engine itself stops `run` after the limit, in the midst of a loop or a regular expression (node:vm). */
function within(job: Pick<Job, 'src' | 'limitMs'>, run: () => string): string {
  let result = ''
  Reflect.set(box, 'run', () => {
    result = run()
  })
  try {
    call.runInContext(box, { timeout: job.limitMs })
  } catch (error) {
    throw isTimeout(error) ? new PortolanError('template', overdue(job)) : error
  }
  return result
}

/** The error is one of that other context, and no `Error` here. */
function isTimeout(error: unknown): boolean {
  const isObject = typeof error === 'object' && error !== null
  return isObject && Reflect.get(error, 'code') === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
}

function hasMoreNeeded(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof MoreNeeded) return true
  return false
}

function globalsOf({ pairs, catalog, names }: Job, seen: Seen, asked: Set<string>): object {
  const { keys, catalog: read } = seen
  const known = () => {
    read.asked = true
    if (!catalog) throw new PortolanError('store-down', 'the services are not known yet')
    return serviceFunctions(catalog, read)
  }
  return {
    ...templateFunctions,
    ...kvFunctions(pairs, keys),
    ...nameFunctions(names, asked),
    get services() {
      return known().services()
    },
    get instances() {
      return known().instances()
    },
    get nodes() {
      return known().nodes()
    },
    service: (name: string, fallback?: unknown) => known().service(name, fallback),
  }
}
