import type { Config } from '../config/config.ts'
import { PortolanError } from '../core/errors.ts'
import type { Container, Docker } from '../docker/docker.ts'
import { engineHost, dockerTls } from './connect.ts'

/** Signals containers, or restarts them; gives what was done, in words. */
export type Notify = (
  target: { readonly container: string; readonly action: string },
  signal: AbortSignal,
) => Promise<string>

/**
 * Signals (`HUP`) or restarts (`restart`) the containers of this host that have a name, an id, or
 * `label:name=value`. Undefined without `--allow-writes`: then the calls that write are not even loaded.
 */
export async function notifyOf(config: Config, docker: Docker): Promise<Notify | undefined> {
  if (!config.allowWrites) return undefined
  const { engineWrites } = await import('../docker/writes.ts')
  const writes = engineWrites({ host: engineHost(config), ...(await dockerTls()) })
  return async ({ container, action }, signal) => {
    const found = matching(docker, container)
    for (const { id } of found) {
      if (action === 'restart') await writes.restart(id, signal)
      else await writes.signal(id, action, signal)
    }
    return found.map(({ name }) => `${action} ${name}\n`).join('')
  }
}

function matching({ containers }: Docker, wanted: string): Container[] {
  const { current } = containers
  if (current.kind === 'unknown') {
    throw new PortolanError('command', 'Docker has not been read yet; it is tried again')
  }
  const found = [...current.byId.values()].filter((one) => matches(one, wanted))
  if (found.length > 0) return found
  throw new PortolanError(
    'command',
    `no running container of this host is ${JSON.stringify(wanted)}; name its name, its id or label:name=value`,
  )
}

function matches({ id, name, labels }: Container, wanted: string): boolean {
  if (!wanted.startsWith('label:')) {
    return name === wanted || (/^[0-9a-f]{12,64}$/.test(wanted) && id.startsWith(wanted))
  }
  const [label = '', ...value] = wanted.slice('label:'.length).split('=')
  return value.length === 0 ? Object.hasOwn(labels, label) : labels[label] === value.join('=')
}
