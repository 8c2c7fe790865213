import nunjucks from 'nunjucks'

import { messageOf, PortolanError } from '../core/errors.ts'
import { untouched } from './gosyntax.ts'
import { unclosedIn } from './unclosed.ts'

type Fn = (...args: unknown[]) => unknown
type Compiled = Readonly<Record<string, Fn>>

/** The global that `strictLoops` puts around what is looped over. */
export const loopOver = 'loopOver'

/**
 * A compiled template in the form of nunjucks' precompiled ones (`root`, `b_<block>`), with a runtime that
 * names file and line of every fault, and refuses the ways to prototypes and constructors: templates are
 * trusted, but what they pass on from labels and keys is not. Throws `template`.
 */
export function compileTemplate(name: string, source: string): Compiled {
  const template = parsed(name, source)
  const runtime = strictRuntime(name, source)
  const wrapped = new Map<unknown, Fn>()
  const wrap = (body: Fn) => {
    const strict: Fn = (environment, context, frame, _runtime, done) =>
      body(environment, withSuper(context, wrapped), frame, runtime, done)
    wrapped.set(body, strict)
    return strict
  }
  const root: unknown = Reflect.get(template, 'rootRenderFunc')
  const blocks = entriesOf(Reflect.get(template, 'blocks'))
  const parts = [
    ['root', root] as const,
    ...blocks.map(([key, body]) => [`b_${key}`, body] as const),
  ]
  return Object.fromEntries(
    parts.flatMap(([key, body]) => (isFunction(body) ? [[key, wrap(body)]] : [])),
  )
}

/** `super()` finds a block by its function, which is another one once it is wrapped. */
function withSuper(context: unknown, wrapped: ReadonlyMap<unknown, Fn>): unknown {
  const getSuper: unknown =
    typeof context === 'object' && context !== null ? Reflect.get(context, 'getSuper') : undefined
  if (typeof context !== 'object' || !isFunction(getSuper)) return context
  const value: Fn = (environment, name, block, ...rest) =>
    Reflect.apply(getSuper, context, [environment, name, wrapped.get(block) ?? block, ...rest])
  return Object.create(context, { getSuper: { value } })
}

function parsed(name: string, source: string): object {
  try {
    const environment = new nunjucks.Environment(null, templateOptions)
    return new nunjucks.Template(strictLoops(source), environment, name, true)
  } catch (error) {
    throw syntaxFault(name, source, error)
  }
}

/** In the same lines. */
function strictLoops(source: string): string {
  const loop = /(\{%-?\s*for\s+[\w\s,]+?\s+in\s+)([\s\S]*?)(\s*-?%\})/g
  const both = new RegExp(`${untouched.source}|${loop.source}`, 'g')
  return source.replaceAll(both, (whole, _raw, head?: string, list?: string, foot?: string) =>
    head === undefined ? whole : `${head}${loopOver}(${list})${foot}`,
  )
}

/** nunjucks knows no line, and often no words either, for a template that ends too early. */
function syntaxFault(name: string, source: string, error: unknown): PortolanError {
  const line: unknown = error instanceof Error ? Reflect.get(error, 'lineno') : undefined
  // it counts from 1 in syntax errors, from 0 at run time
  const known = typeof line === 'number' ? line - 1 : undefined
  const unclosed = known === undefined ? unclosedIn(source) : undefined
  if (unclosed) return located(name, unclosed.line, unclosed.what, error)
  return located(name, known, `${wordsOf(error)}; fix the syntax`, error)
}

/** The same for compiling and rendering. `dev` keeps the causes of errors. */
export const templateOptions = { autoescape: false, throwOnUndefined: true, dev: true }

/** Makes a loop over something undefined a fault, which nunjucks renders as nothing. */
export function checkLoop(value: unknown): unknown {
  if (value !== undefined) return value
  throw new PortolanError(
    'template',
    'the loop has nothing to loop over: its list is undefined; give a default: … in list | default([])',
  )
}

function strictRuntime(name: string, source: string) {
  const given = Object.fromEntries(
    entriesOf(nunjucks.runtime).filter((entry): entry is [string, Fn] => isFunction(entry[1])),
  )
  const lines = source.split('\n')
  return {
    ...given,
    memberLookup: (object: unknown, key: unknown) => {
      const forbidden = typeof object === 'function' || isForbidden(key)
      return forbidden ? undefined : given['memberLookup']?.(object, key)
    },
    contextOrFrameLookup: (context: unknown, frame: unknown, key: unknown) =>
      typeof key === 'string' && key in Object.prototype
        ? undefined
        : given['contextOrFrameLookup']?.(context, frame, key),
    ensureDefined: (value: unknown, line: number) => {
      if (value !== undefined && value !== null) return value
      const text = lines[line]?.trim() ?? ''
      throw located(
        name,
        line,
        `a value is undefined or null in ${JSON.stringify(text)}; check the name, or give a default: {{ x | default("...") }}`,
      )
    },
    handleError: (error: unknown, line: number) =>
      templateFault(error) ?? located(name, line, wordsOf(error), error),
  }
}

/** The fault with file and line among `error` and its causes. */
export function templateFault(error: unknown): PortolanError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof PortolanError && at.message.startsWith('template ')) return at
  }
  return undefined
}

/** `line` counts from 0; undefined: nobody knows. */
function located(
  name: string,
  line: number | undefined,
  what: string,
  cause?: unknown,
): PortolanError {
  const where = line === undefined ? name : `${name}, line ${line + 1}`
  return new PortolanError('template', `template ${where}: ${what}`, { cause })
}

const isForbidden = (key: unknown) =>
  !['string', 'number'].includes(typeof key) || /^(constructor|prototype|__.*)$/.test(String(key))

/** What nunjucks puts before a message: files and places, each in a line, and classes of errors. */
const before = /^(?:\(.*\)(?: \[Line.*\])?\s*\n\s*|(?:Template render error|\w*Error): )+/

/** nunjucks' message without its own places. */
export function wordsOf(error: unknown): string {
  const words = messageOf(error).replace(before, '')
  return words.includes('template not found') ? `${words}; put it into the templates folder` : words
}

function isFunction(value: unknown): value is Fn {
  return typeof value === 'function'
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}
