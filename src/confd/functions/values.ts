import { createRequire } from 'node:module'

import type * as YamlPackage from 'yaml'

import { fault, shown } from './fault.ts'

/** Numbers, JSON and YAML: texts to values and back. What they work on comes first. */
export const valueFunctions = {
  json: fromJson,
  jsonArray: fromJson,
  fromJson,
  parseJson: fromJson,
  toJson: (value: unknown) => JSON.stringify(value) ?? 'null',
  toPrettyJson: (value: unknown) => JSON.stringify(value, null, 2) ?? 'null',
  fromYaml: (text: string) => attempt('fromYaml', 'YAML', text, () => yaml().parse(text)),
  toYaml: (value: unknown) => yaml().stringify(value).trimEnd(),
  atoi: wholeNumber,
  parseBool,
  add: (a: number | string, b: number | string) => wholeNumber(a) + wholeNumber(b),
  sub: (a: number | string, b: number | string) => wholeNumber(a) - wholeNumber(b),
  mul: (a: number | string, b: number | string) => wholeNumber(a) * wholeNumber(b),
  div: (a: number | string, b: number | string) => Math.trunc(wholeNumber(a) / divisor(b)),
  mod: (a: number | string, b: number | string) => wholeNumber(a) % divisor(b),
  seq: (first: number, last: number) => series(first, last + 1, 1),
}

/** More than this is no list for a config file. */
const mostNumbers = 1_000_000

/** nunjucks' `range`, with an end. */
export function range(first: number, last?: number, step = 1): number[] {
  return last === undefined ? series(0, first, step) : series(first, last, step)
}

function series(first: number, end: number, step: number): number[] {
  const count = Math.max(0, Math.ceil((end - first) / step))
  if (!(count <= mostNumbers)) throw fault(`${count} numbers are too many; at most ${mostNumbers}`)
  return Array.from({ length: count }, (_, index) => first + index * step)
}

function fromJson(text: string): unknown {
  return attempt('json', 'JSON', text, () => JSON.parse(text))
}

function attempt(name: string, what: string, text: string, parse: () => unknown): unknown {
  try {
    return parse()
  } catch (cause) {
    throw fault(
      `${name}() got ${shown(text)}, which is not ${what}; fix the value in the store`,
      cause,
    )
  }
}

function wholeNumber(value: number | string): number {
  if (/^[-+]?\d+$/.test(String(value))) return Number(value)
  throw fault(`${shown(value)} is not a whole number`)
}

function divisor(value: number | string): number {
  const number = wholeNumber(value)
  if (number === 0) throw fault('division by 0')
  return number
}

/** Go's `strconv.ParseBool`. */
function parseBool(text: unknown): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(String(text))) return true
  if (/^(0|f|F|FALSE|false|False)$/.test(String(text))) return false
  throw fault(`${shown(text)} is neither true nor false`)
}

let loaded: typeof YamlPackage | undefined

/** Loaded by who uses it first: it takes longer than all the rest. */
function yaml(): typeof YamlPackage {
  const load: (name: string) => typeof YamlPackage = createRequire(import.meta.url)
  loaded ??= load('yaml')
  return loaded
}
