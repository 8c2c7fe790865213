import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { freePlace } from '../bed/place.ts'

const exec = promisify(execFile)

/** An engine of our own, in namespaces of its own, that may be hurt. Needs root. */
export type Bed = AsyncDisposable & {
  readonly host: string
  /** The same engine over TCP. */
  readonly tcp: string
  /** `test/bed/hosts.sh` with these arguments. */
  hosts(...args: readonly string[]): Promise<string>
}

/** Starts one with busybox in it, whose containers survive its death. */
export async function bed(): Promise<Bed> {
  const env = { ...process.env, ...freePlace(), BED_OPTS: '--live-restore' }
  const hosts = async (...args: readonly string[]) => {
    const { stdout } = await exec('bash', ['test/bed/hosts.sh', ...args], { env })
    return stdout
  }
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(async () => void (await hosts('down')))
  await hosts('up', '1')
  await hosts('load', 'busybox:1.37')
  const variables = await hosts('env', 'h1')
  const host = /DOCKER_HOST=(\S+)/.exec(variables)?.[1] ?? ''
  const tcp = `tcp://${/HOST_ADDR=(\S+)/.exec(variables)?.[1] ?? ''}:2375`
  const kept = cleanup.move()
  return { host, tcp, hosts, [Symbol.asyncDispose]: async () => kept.disposeAsync() }
}
