import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { chmod, rename } from 'node:fs/promises'

import { onTestFinished } from 'vitest'

import type { Instance } from '../../src/core/instance.ts'
import { tempFolder } from '../confd/scene.ts'
import { containerId, instance } from '../core/samples.ts'
import { freePort } from '../free-port.ts'
import { libraryPath, ran, renderAll, started } from './scene.ts'

/**
 * PATH with PostgreSQL's programs before all others: Debian has them in a folder for each version, and in `/usr/bin`
 * only scripts that start them, which take many times as long.
 */
export function postgresPath(): string {
  const root = '/usr/lib/postgresql'
  const there = existsSync(root) ? readdirSync(root) : []
  const versions = there.toSorted((a, b) => Number(b) - Number(a))
  return [...versions.map((one) => `${root}/${one}/bin`), process.env['PATH']].join(':')
}

/** PostgreSQL refuses to run as root. */
const asUser =
  process.getuid?.() === 0
    ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups']
    : []

/** A member's container, on the loopback. */
export const member = (number: number, port: number, fields: Partial<Instance> = {}) =>
  instance({
    service: 'db',
    node: `h${number}`,
    container: containerId(String(number)),
    protocol: 'tcp',
    port,
    addresses: [{ network: 'n', ip: '127.0.0.1' }],
    attributes: { postgres_cluster: 'main', postgres_member: String(number) },
    ...fields,
  })

/** Three members that don't run yet, with the files as rendered for `instances`. */
export async function cluster(
  addresses: readonly string[],
  more: Readonly<Record<string, string>> = {},
) {
  const folder = await tempFolder()
  await chmod(folder.root, 0o777)
  const ports = await Promise.all(addresses.map(() => freePort()))
  const all = addresses.map((ip, index) =>
    member(index + 1, ports[index] ?? 0, { addresses: [{ network: 'n', ip }] }),
  )
  const publish = async (...instances: Instance[]) => {
    for (const [name, text] of await renderAll('postgres-replicas', instances)) {
      await folder.write(`files/.${name}`, text)
      await rename(folder.at(`files/.${name}`), folder.at(`files/${name}`))
    }
  }
  const environmentOf = (number: number) => ({
    ...process.env,
    PATH: postgresPath(),
    PGDATA: folder.at(`data${number}`),
    PGHOST: folder.root,
    PGPORT: String(ports[number - 1]),
    POSTGRES_MEMBER: String(number),
    POSTGRES_MEMBERS: String(addresses.length),
    POSTGRES_FILES: folder.at('files'),
    POSTGRES_PAUSE: '0.3',
    POSTGRES_PASSWORD: `it's "a" $secret\\`,
    REPLICATION_PASSWORD: `col:on's \\ "$x`,
    ...more,
  })
  const call = (number: number, command: string, ...args: string[]) => {
    const [first = '', ...rest] = [...asUser, command, ...args]
    return ran(first, rest, environmentOf(number))
  }
  const script = libraryPath('postgres-replicas', 'member.sh')
  return {
    all,
    folder,
    publish,
    call,
    /** Starts what the container's entrypoint starts. */
    start: (number: number) => {
      const settings = ['-c', `unix_socket_directories=${folder.root}`, '-c', 'fsync=off']
      const [first = '', ...rest] = [...asUser, 'bash', script, 'start', ...settings]
      const server = started(first, rest, { env: environmentOf(number) })
      onTestFinished(async ({ task }) => {
        if (task.result?.state === 'fail') console.error(server.said())
        await stop(server.child, 'SIGQUIT')
      })
      return { said: server.said, stop: (signal: NodeJS.Signals) => stop(server.child, signal) }
    },
    say: (number: number, ...words: string[]) => call(number, 'bash', script, ...words),
    sql: async (number: number, text: string) => {
      const { said } = await call(number, 'psql', '-XAtqw', '-U', 'postgres', '-c', text)
      return said.trim()
    },
  }
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}
