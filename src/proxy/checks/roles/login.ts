import { open, realpath } from 'node:fs/promises'
import { resolve, sep } from 'node:path'

import { errnoOf } from '../../../core/errors.ts'
import type { RoleProbe } from '../../../core/policy.ts'
import { ProbeRefused } from './answer.ts'

/** By what a probe is let in. */
export type Login = { readonly user: string | undefined; readonly password: string | undefined }

/** Where files with passwords may be. */
export type Secrets = {
  readonly folder: string
  /** Paths of those by which we log in ourselves. */
  readonly ours: readonly string[]
}

const mostBytes = 4096

/**
 * Reads the password that a label names: each time, as it may be changed. Only below the folder, and none of ours,
 * because whoever writes labels also decides who is told what stands in the file. Rejects with a remedy.
 */
export async function loginOf(
  { user, passwordFile }: Pick<RoleProbe, 'user' | 'passwordFile'>,
  { folder, ours }: Secrets,
): Promise<Login> {
  if (passwordFile === undefined) return { user, password: undefined }
  try {
    const [root, path, own] = await Promise.all([
      realpath(folder),
      realpath(resolve(folder, passwordFile)),
      Promise.all(ours.map((one) => realpath(one).catch(() => one))),
    ])
    if (!path.startsWith(root + sep)) throw outside(folder)
    if (own.includes(path)) throw isOurs()
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

function isOurs(): ProbeRefused {
  return new ProbeRefused(
    'the file of its password is one by which Portolan itself logs in',
    'give the user of the probe a password, and a file, of its own',
  )
}

async function firstLine(path: string): Promise<string> {
  await using file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(mostBytes))
  return buffer.toString('utf8', 0, bytesRead).split(/\r?\n/)[0] ?? ''
}
