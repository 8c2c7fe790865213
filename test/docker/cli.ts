import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const exec = promisify(execFile)

/** Runs `docker` with the engine at `host`, and gives what it printed. Rejects when it fails. */
export async function docker(host: string, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, DOCKER_HOST: host }
  const { stdout } = await exec('docker', [...args], { env })
  return stdout.trim()
}

export const label = 'test.portolan=docker'

/** Starts a busybox; `command` is for its shell. Gives its id. */
export async function start(
  host: string,
  options: readonly string[],
  command: string,
): Promise<string> {
  const all = ['--label', label, ...options, 'busybox:1.37', 'sh', '-c', command]
  return docker(host, 'run', '-d', ...all)
}

/** Removes all containers and networks of these tests. */
export async function sweep(host: string): Promise<void> {
  const filter = `label=${label}`
  const ids = await docker(host, 'ps', '-aq', '--filter', filter)
  if (ids !== '') await docker(host, 'rm', '-f', ...ids.split('\n'))
  await docker(host, 'network', 'prune', '-f', '--filter', filter)
}
