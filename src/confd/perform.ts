import { createContext, Script } from 'node:vm'

import { messageOf, PortolanError } from '../core/errors.ts'
import { templateFunctions } from './functions/functions.ts'
import { type Answer, type Job, overdue, type Seen } from './job.ts'
import { kvFunctions } from './kv.ts'
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
  const seen: Seen = { files, keys: noKeys(), catalog: noCatalog() }
  try {
    const globals = globalsOf(job, seen)
    const content = within(job.limitMs, () => {
      const text = templates.render(job.src, globals, files)
      check(text)
      return text
    })
    if (content.length <= mostCharacters) return { kind: 'content', content, seen }
    const what = `template ${job.src} makes more than 32 MiB; give it less to write`
    return { kind: 'failed', code: 'template', message: what, seen }
  } catch (error) {
    if (seen.catalog.asked && !job.catalog) return { kind: 'waiting', seen }
    if (hasMoreNeeded(error)) return { kind: 'more', seen }
    const message = isTimeout(error) ? overdue(job) : messageOf(error)
    const code = error instanceof PortolanError ? error.code : 'template'
    return { kind: 'failed', code, message, seen }
  }
}

const box = createContext({ run: undefined })
const call = new Script('run()')

/** The engine itself stops `run` after `ms`, in the midst of a loop or a regular expression (node:vm). */
function within(ms: number, run: () => string): string {
  let result = ''
  Reflect.set(box, 'run', () => {
    result = run()
  })
  call.runInContext(box, { timeout: ms })
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

function globalsOf({ pairs, catalog }: Job, { keys, catalog: read }: Seen): object {
  const known = () => {
    read.asked = true
    if (!catalog) throw new PortolanError('store-down', 'the services are not known yet')
    return serviceFunctions(catalog, read)
  }
  return {
    ...templateFunctions,
    ...kvFunctions(pairs, keys),
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
