import { open, realpath } from 'node:fs/promises'
import { resolve, sep } from 'node:path'

import { errnoOf } from '../../../core/errors.ts'
import type { RoleProbe } from '../../../core/policy.ts'
import { ProbeRefused } from './answer.ts'

/** By what a probe is let in. */
export type Login = { readonly user: string | undefined; readonly password: string | undefined }

const mostBytes = 4096

/**
 * Reads the password that a label names: each time, as it may be changed. Only below `folder`, because whoever writes
 * labels also decides who is told what stands in the file. Rejects with a remedy.
 */
export async function loginOf(
  { user, passwordFile }: Pick<RoleProbe, 'user' | 'passwordFile'>,
  folder: string,
): Promise<Login> {
  if (passwordFile === undefined) return { user, password: undefined }
  try {
    const [root, path] = await Promise.all([
      realpath(folder),
      realpath(resolve(folder, passwordFile)),
    ])
    if (!path.startsWith(root + sep)) throw outside(folder)
    return { user, password: await firstLine(path) }
  } catch (error) {
    if (error instanceof ProbeRefused) throw error
    throw new ProbeRefused(
      `the file of its password can't be read (${errnoOf(error) ?? 'unknown error'})`,
      `give it to Portolan's container as a secret, so that it is below ${folder}, and name it in portolan.probe.password-file`,
    )
  }
}

function outside(folder: string): ProbeRefused {
  return new ProbeRefused(
    `the file of its password is not below ${folder}`,
    'put it there, or start Portolan with --secrets and its folder',
  )
}

async function firstLine(path: string): Promise<string> {
  await using file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(mostBytes))
  return buffer.toString('utf8', 0, bytesRead).split(/\r?\n/)[0] ?? ''
}
