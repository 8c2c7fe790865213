import { type LinearRegex, linearRegexOf } from '../../../core/rule/regex.ts'
import { strippedPath } from '../../paths.ts'
import type { RequestDraft } from '../draft.ts'
import { headerValue } from '../header-lines.ts'
import type { Stage } from '../stage.ts'
import { madePath } from './normal.ts'

/** Takes the prefix that fits off, and names it in X-Forwarded-Prefix. */
export function stripPrefix(prefixes: readonly string[]): Stage {
  const normal = prefixes.map(madePath)
  return (request) => {
    const { path, prefix } = strippedPath(request.path, normal)
    if (prefix !== '') cut(request, prefix, path)
    return undefined
  }
}

/** Takes off what the first expression that fits finds at the beginning. */
export function stripPrefixRegex(expressions: readonly string[]): Stage {
  const regexes = expressions.map((text) => linearRegexOf(text.trim()))
  return (request) => {
    const prefix = regexes.map((regex) => leading(regex, request.path)).find((text) => text !== '')
    if (prefix !== undefined) cut(request, prefix, request.path.slice(prefix.length))
    return undefined
  }
}

export function addPrefix(prefix: string): Stage {
  return (request) => {
    if (request.path !== '*') request.path = madePath(`${prefix}${request.path}`)
    return undefined
  }
}

/** All paths become `path`; X-Replaced-Path says what was asked for. */
export function replacePath(path: string): Stage {
  const made = madePath(path)
  return (request) => {
    if (request.path !== '*') replace(request, made)
    return undefined
  }
}

export function replacePathRegex(options: {
  readonly regex: string
  readonly replacement: string
}): Stage {
  const regex = linearRegexOf(options.regex.trim())
  const replacement = options.replacement.trim()
  return (request) => {
    if (replacement === '' || !regex.test(request.path)) return undefined
    replace(request, madePath(regex.replace(request.path, replacement)))
    return undefined
  }
}

function leading(regex: LinearRegex, path: string): string {
  const found = regex.find(path)
  return found?.index === 0 ? found.text : ''
}

function cut(request: RequestDraft, prefix: string, rest: string): void {
  request.headers.append('X-Forwarded-Prefix', headerValue(prefix))
  request.path = madePath(rest)
}

function replace(request: RequestDraft, path: string): void {
  request.headers.set('X-Replaced-Path', request.path)
  request.path = path
}
