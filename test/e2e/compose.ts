import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { freePort } from './portolan.ts'

const run = promisify(execFile)

export type Stack = AsyncDisposable & {
  readonly project: string
  readonly proxyUrl: string
  readonly adminUrl: string
  readonly network: string
  /** `docker compose` in this project; gives what it printed. */
  compose(...args: readonly string[]): Promise<string>
}

/** A compose file as its own project, on free ports; brought up, and taken down when the test ends. */
export async function startStack(
  project: string,
  file: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Stack> {
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
  const compose = async (...args: readonly string[]) => {
    const all = ['compose', '-p', project, '-f', file, ...args]
    const { stdout } = await run('docker', all, { env, maxBuffer: 16 * 1024 * 1024 })
    return stdout.trim()
  }
  const stack: Stack = {
    project,
    proxyUrl: `http://127.0.0.1:${http}`,
    adminUrl: `http://127.0.0.1:${admin}`,
    network,
    compose,
    async [Symbol.asyncDispose]() {
      await compose('down', '--volumes', '--timeout', '3')
    },
  }
  try {
    await compose('up', '-d', '--build', '--wait')
  } catch (error) {
    await stack[Symbol.asyncDispose]()
    throw error
  }
  return stack
}
