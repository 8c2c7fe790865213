import { readFile } from 'node:fs/promises'

import { PortolanError } from '../core/errors.ts'

/** The id of a user (`/etc/passwd`) or group (`/etc/group`): a number or a name. Throws `command`. */
export async function idOf(
  kind: 'user' | 'group',
  wanted: number | string | undefined,
): Promise<number | undefined> {
  if (wanted === undefined || typeof wanted === 'number') return wanted
  if (/^\d+$/.test(wanted)) return Number(wanted)
  const path = kind === 'user' ? '/etc/passwd' : '/etc/group'
  const lines = (await readFile(path, 'utf8')).split('\n').map((line) => line.split(':'))
  const id = lines.find(([name]) => name === wanted)?.[2]
  if (id !== undefined) return Number(id)
  throw new PortolanError(
    'command',
    `there is no ${kind} ${JSON.stringify(wanted)} in ${path} here; write its number`,
  )
}
