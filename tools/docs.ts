// Writes the table of settings into README.md. With --check it changes nothing, and fails if the table is old.
import { readFile, writeFile } from 'node:fs/promises'

import { settingsTable } from '../src/cli/help.ts'

const file = new URL('../README.md', import.meta.url)
const before = await readFile(file, 'utf8').catch(() => '')
const marked = /(<!-- settings -->\n)[^]*?(<!-- \/settings -->)/
if (!marked.test(before))
  fail('README.md has no <!-- settings --> … <!-- /settings -->: put them back')
const after = before.replace(
  marked,
  (_, open: string, close: string) => `${open}\n${settingsTable()}\n\n${close}`,
)

if (after === before) console.log('README.md: the table of settings is up to date')
else if (process.argv.includes('--check'))
  fail('README.md: the table of settings is old: run `node tools/docs.ts`')
else await writeFile(file, after)

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
