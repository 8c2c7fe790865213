import { readFile } from 'node:fs/promises'

import { messageOf, PortolanError } from '../core/errors.ts'

/** What is in the file that a setting names, if it names one. Rejects `bad-config` for one that can't be read. */
export async function fileOf(
  setting: string,
  path: string | undefined,
): Promise<string | undefined> {
  if (path === undefined) return undefined
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new PortolanError(
      'bad-config',
      `${setting}: ${messageOf(cause)}; name a file that can be read`,
    )
  }
}

/** The token in the file that a setting names, if it names one. Rejects `bad-config` for one that no header takes. */
export async function tokenOf(
  setting: string,
  path: string | undefined,
): Promise<string | undefined> {
  const token = (await fileOf(setting, path))?.trim()
  // anybody could have guessed an empty one
  if (token === undefined || /^[!-~]+$/.test(token)) return token
  throw new PortolanError(
    'bad-config',
    `${setting}: what is in ${path} is no token; write one line of letters, digits and signs`,
  )
}
