import { createHash } from 'node:crypto'

import { fault, shown } from './fault.ts'

/** Codes and quotes: each makes one value of its format out of any text. What they work on comes first. */
export const quoteFunctions = {
  base64Encode: (text: string) => Buffer.from(text).toString('base64'),
  base64Decode: (text: string) => Buffer.from(text, 'base64').toString(),
  sha1: (text: string) => createHash('sha1').update(text).digest('hex'),
  sha256sum: (text: string) => createHash('sha256').update(text).digest('hex'),
  queryEscape: (text: string) => encodeURIComponent(text).replaceAll('%20', '+'),
  quote: (text: unknown) => JSON.stringify(String(text)),
  squote: (text: unknown) => `'${String(text)}'`,
  jsonQuote: (value: unknown) => JSON.stringify(value) ?? 'null',
  /** A JSON string is a YAML and a TOML one, but for what YAML 1.2 and TOML don't let stand bare. */
  yamlQuote: (text: unknown) => escaped(String(text)),
  tomlQuote: (text: unknown) => escaped(String(text)),
  nginxQuote: (text: unknown) => {
    const value = single('nginxQuote', text)
    if (value.includes('$')) {
      throw fault(`nginxQuote() got ${shown(value)}: nginx has no way to quote $; leave it out`)
    }
    return `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`
  },
  /** Strong quotes: HAProxy replaces nothing in them. */
  haproxyQuote: (text: unknown) => `'${single('haproxyQuote', text).replaceAll("'", `'"'"'`)}'`,
  iniQuote: (text: unknown) => {
    const value = single('iniQuote', text)
    return `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`
  },
  shellQuote: (text: unknown) => {
    const value = String(text)
    if (value.includes('\0')) throw fault('shellQuote() got a text with a NUL in it')
    return `'${value.replaceAll("'", String.raw`'\''`)}'`
  },
}

/** Formats of lines have no way to quote the end of one. */
function single(name: string, text: unknown): string {
  const value = String(text)
  if (!/[^\P{Cc}\t]/u.test(value)) return value
  throw fault(`${name}() got ${shown(value)}: a control character, which can't be quoted there`)
}

function escaped(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\x7f-\x9f\u2028\u2029\ufeff]/g,
    (one) => String.raw`\u` + one.charCodeAt(0).toString(16).padStart(4, '0'),
  )
}
