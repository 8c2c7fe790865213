import { readFileSync, statSync } from 'node:fs'
import { join, posix, relative } from 'node:path'

import nunjucks from 'nunjucks'

import { PortolanError } from '../core/errors.ts'
import { templateFilters } from './functions/functions.ts'
import { refuseGoSyntax } from './gosyntax.ts'
import {
  checkLoop,
  compileTemplate,
  loopOver,
  templateFault,
  templateOptions,
  wordsOf,
} from './sandbox.ts'
import { stampOf } from './stamp.ts'

/** Files that a render has read, with their state (`stampOf`), so that a change of one can be seen. */
export type ReadFiles = Map<string, string>

export type Templates = {
  /**
   * Renders the template `name` with `globals` (getters are called when a template looks them up). Throws
   * `template` with file, line and remedy. `read` gets each file, also when it fails. `values` are variables.
   */
  render(name: string, globals: object, read: ReadFiles, values?: object): string
  /** The same for a template that is no file; `label` is for messages. */
  text(label: string, source: string, globals: object, read: ReadFiles, values?: object): string
}

type Code = ReturnType<typeof compileTemplate>

/** Templates of one folder, includes from there only, each compiled once as long as it does not change. */
export function createTemplates(folder: string): Templates {
  const compiled = new Map<string, { source: string; code: Code }>()
  const texts = new Map<string, Code>()

  const load = (name: string, read: ReadFiles) => {
    const path = insideOf(folder, name)
    read.set(path, stampOf(path))
    const source = textOf(path)
    if (source === undefined) return undefined
    const known = compiled.get(path)
    if (known?.source === source) return known.code
    const shown = relative(folder, path)
    refuseGoSyntax(shown, source)
    const code = compileTemplate(shown, source)
    compiled.set(path, { source, code })
    return code
  }

  return {
    render: (name, globals, read, values) =>
      renderedBy((wanted) => load(wanted, read), { name, globals, values }),
    text(label, source, globals, read, values) {
      const known = texts.get(source)
      const code = known ?? compileTemplate(label, source)
      texts.set(source, code)
      const loadText = (wanted: string) => (wanted === label ? code : load(wanted, read))
      return renderedBy(loadText, { name: label, globals, values })
    },
  }
}

type What = { readonly name: string; readonly globals: object; readonly values: object | undefined }

function renderedBy(load: (name: string) => unknown, { name, globals, values = {} }: What): string {
  try {
    return environmentOf(load, globals).render(name, values)
  } catch (error) {
    throw (
      templateFault(error) ??
      new PortolanError('template', `template ${name}: ${wordsOf(error)}`, { cause: error })
    )
  }
}

function environmentOf(load: (name: string) => unknown, globals: object) {
  // A new environment each time: the old one's cache would hide changes, and this costs 0.1 ms.
  const precompiled = new Proxy([], {
    get: (_, name) => (typeof name === 'string' ? load(name) : undefined),
  })
  const loader = Object.assign(new nunjucks.PrecompiledLoader(precompiled), {
    resolve: (from: string, to: string) => posix.join(posix.dirname(from), to),
  })
  const environment = new nunjucks.Environment(loader, templateOptions)
  environment.addGlobal(loopOver, checkLoop)
  addFilters(environment)
  const known: unknown = Reflect.get(environment, 'globals')
  if (typeof known === 'object' && known !== null) {
    Object.defineProperties(known, Object.getOwnPropertyDescriptors(globals))
  }
  return environment
}

function addFilters(environment: nunjucks.Environment) {
  const own: unknown = Reflect.get(environment, 'filters')
  for (const [name, filter] of templateFilters) {
    const isTaken = typeof own === 'object' && own !== null && Object.hasOwn(own, name)
    if (!isTaken) environment.addFilter(name, (...args: never[]) => filter(...args))
  }
}

function insideOf(folder: string, name: string): string {
  const path = join(folder, name)
  if (!relative(folder, path).startsWith('..')) return path
  throw new PortolanError(
    'template',
    `template ${JSON.stringify(name)} lies outside of ${folder}; move it there`,
  )
}

function textOf(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat?.isFile() ? readFileSync(path, 'utf8') : undefined
}
