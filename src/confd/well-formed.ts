import { parse } from 'smol-toml'
import { parseAllDocuments } from 'yaml'

import { messageOf, PortolanError } from '../core/errors.ts'
import type { Format } from './format.ts'

const checks: Readonly<Record<Format, (text: string) => void>> = {
  json: (text) => void JSON.parse(text),
  toml: (text) => void parse(text),
  yaml: checkYaml,
  ini: checkIni,
  xml: checkXml,
}

/** Throws `template` when `text` is not well-formed. Of XML only the nesting of tags is looked at. */
export function checkFormat(text: string, format: Format): void {
  try {
    checks[format](text)
  } catch (cause) {
    const why = messageOf(cause).split('\n', 1)[0] ?? ''
    throw new PortolanError(
      'template',
      `what it makes is not ${format} (${why}); correct the template, or leave output_format out`,
      { cause },
    )
  }
}

function checkYaml(text: string) {
  for (const document of parseAllDocuments(text)) {
    const [error] = document.errors
    if (error) throw error
  }
}

function checkIni(text: string) {
  for (const [index, line] of text.split('\n').entries()) {
    const isFine = /^\s*([;#].*)?$|^\s*\[[^\]]+\]\s*([;#].*)?$|^\s*[^=\s[][^=]*(=.*)?$|^\s+\S/.test(
      line,
    )
    if (!isFine) throw new Error(`line ${index + 1}: ${JSON.stringify(line)}`)
  }
}

const xmlParts =
  /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<![A-Z][^<>[]*(?:\[[\s\S]*?\]\s*)?>|<(\/?)([\w:.-]+)(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(\/?)>|<|&(?!(?:#\d+|#x[\da-fA-F]+|[\w.-]+);)/g

function checkXml(text: string) {
  const open: string[] = []
  let roots = 0
  for (const { 0: part, 1: closes, 2: name, 3: empty, index } of text.matchAll(xmlParts)) {
    const line = text.slice(0, index).split('\n').length
    if (part === '<' || part === '&') throw new Error(`line ${line}: a bare ${part}`)
    if (name === undefined) continue
    if (closes === '/') {
      const last = open.pop()
      if (last !== name) throw new Error(`line ${line}: </${name}> closes <${last ?? 'nothing'}>`)
      continue
    }
    if (open.length === 0 && ++roots > 1) throw new Error(`line ${line}: a second root, <${name}>`)
    if (empty !== '/') open.push(name)
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)}> is not closed`)
  if (roots === 0) throw new Error('it has no element')
}
