import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export type DockerCli = (...args: readonly string[]) => Promise<string>

/** The `docker` command, of the local engine or of the one at `host`; gives what it printed, trimmed. */
export function dockerCli(host?: string): DockerCli {
  const env = host === undefined ? process.env : { ...process.env, DOCKER_HOST: host }
  return async (...args) => {
    const { stdout } = await run('docker', args, { env, maxBuffer: 16 * 1024 * 1024 })
    return stdout.trim()
  }
}

export const docker = dockerCli()

export type ContainerOptions = {
  readonly image?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly options?: readonly string[]
  readonly command?: readonly string[]
  readonly cli?: DockerCli
}

export type TestContainer = AsyncDisposable & { readonly id: string; readonly name: string }

/** Starts a container that is removed when the test ends. */
export async function startContainer(
  name: string,
  {
    image = 'busybox:1.37',
    labels = {},
    options = [],
    command = [],
    cli = docker,
  }: ContainerOptions,
): Promise<TestContainer> {
  // so that a sweep finds what a crashed run left
  const all = { ...labels, 'test.portolan': 'e2e' }
  const labelFlags = Object.entries(all).flatMap(([key, value]) => ['--label', `${key}=${value}`])
  const start = () => cli('run', '-d', '--name', name, ...labelFlags, ...options, image, ...command)
  const id = await start().catch(async (error: unknown) => {
    if (!(await removeLeft(cli, name))) throw error
    return start()
  })
  return {
    id,
    name,
    async [Symbol.asyncDispose]() {
      await cli('rm', '-f', '-v', id).catch(() => undefined)
    },
  }
}

/** Removes a container of ours that a run left which was cut short; false if there is none. */
async function removeLeft(cli: DockerCli, name: string): Promise<boolean> {
  const filters = ['--filter', `name=^/${name}$`, '--filter', 'label=test.portolan']
  const left = await cli('ps', '-aq', ...filters)
  if (left === '') return false
  await cli('rm', '-f', '-v', left)
  return true
}

/** A web server of a few kilobytes that answers `body` on port 8000 and stops at once on TERM. */
export function webCommand(body: string): string[] {
  const script = `mkdir -p /w && echo ${body} > /w/index.html && exec httpd -f -p 8000 -h /w`
  return ['sh', '-c', script]
}
