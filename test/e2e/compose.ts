import { execFile } from 'node:child_process'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

import { z } from 'zod'

import { freePort } from '../free-port.ts'
import { docker } from './docker.ts'

const run = promisify(execFile)

export type Stack = AsyncDisposable & {
  /** `e2e-<name>-<pid>`: tests may run beside others. */
  readonly project: string
  readonly proxyUrl: string
  readonly adminUrl: string
  readonly network: string
  /** `docker compose` in this project; gives what it printed. */
  compose(...args: readonly string[]): Promise<string>
}

/** A compose file as its own project, on free ports; brought up, and taken down when the test ends. */
export async function startStack(
  name: string,
  file: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Stack> {
  await using cleanup = new AsyncDisposableStack()
  const project = `e2e-${name}-${process.pid}`
  const [http, admin] = [await freePort(), await freePort()]
  const network = `${project}-net`
  const env = {
    ...process.env,
    HTTP_PORT: String(http),
    ADMIN_PORT: String(admin),
    HTTP_LISTEN: `127.0.0.1:${http}`,
    ADMIN_LISTEN: `127.0.0.1:${admin}`,
    PORTOLAN_NETWORK: network,
    PORTOLAN_NODE: project,
    ...more,
  }
  const composeWith = async (path: string, ...args: readonly string[]) => {
    const all = ['compose', '-p', project, '--project-directory', dirname(file), '-f', path]
    const { stdout } = await run('docker', [...all, ...args], { env, maxBuffer: 16 * 1024 * 1024 })
    return stdout.trim()
  }
  const folder = cleanup.use(await mkdtempDisposable(join(tmpdir(), 'portolan-compose-')))
  const config = await composeWith(file, 'config', '--format', 'json')
  const tagged = withOwnImages(config, project)
  // a busy machine may need longer for the start of a successor
  const { portolan } = tagged.config.services
  if (portolan) portolan.environment = { ...portolan.environment, PORTOLAN_HOLD: '2m' }
  const own = join(folder.path, 'docker-compose.json')
  await writeFile(own, JSON.stringify(tagged.config))
  const compose = (...args: readonly string[]) => composeWith(own, ...args)

  for (const image of tagged.images) {
    cleanup.defer(async () => void (await docker('image', 'rm', image).catch(() => undefined)))
  }
  cleanup.defer(async () => void (await compose('down', '--volumes', '--timeout', '3')))
  await compose('up', '-d', '--build', '--wait')
  const kept = cleanup.move()
  return {
    project,
    proxyUrl: `http://127.0.0.1:${http}`,
    adminUrl: `http://127.0.0.1:${admin}`,
    network,
    compose,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

const composed = z.looseObject({
  services: z.record(
    z.string(),
    z.looseObject({
      build: z.unknown().optional(),
      image: z.string().optional(),
      environment: z.record(z.string(), z.string().nullable()).optional(),
    }),
  ),
})

/** What is built gets a tag of its own, since another checkout may build the same name at the same time. */
function withOwnImages(json: string, tag: string) {
  const config = composed.parse(JSON.parse(json))
  const services = Object.values(config.services)
  const built = new Set(services.flatMap(({ build, image }) => (build && image ? [image] : [])))
  for (const service of services) {
    if (service.image && built.has(service.image)) service.image = `${service.image}:${tag}`
  }
  return { config, images: [...built].map((image) => `${image}:${tag}`) }
}
