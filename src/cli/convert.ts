import { readFile } from 'node:fs/promises'

import { convertTemplate } from '../confd/convert/convert.ts'
import { messageOf, PortolanError } from '../core/errors.ts'
import type { Out } from './out.ts'

/** Prints the Go template `file` as nunjucks; 1 if there is something that has to be turned by hand. */
export async function convert({ file }: { readonly file: string }, out: Out): Promise<number> {
  let source: string
  try {
    source = await readFile(file, 'utf8')
  } catch (cause) {
    throw new PortolanError('bad-config', `${messageOf(cause)}; name a template of confd`, {
      cause,
    })
  }
  const { text, notes } = convertTemplate(source)
  const todo = notes.map((note) => `{# to be done by hand: ${note.replaceAll('#}', '# }')} #}\n`)
  out.write(`${todo.join('')}${text}`)
  return notes.length > 0 ? 1 : 0
}
