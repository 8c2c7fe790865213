import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

import { PortolanError } from '../core/errors.ts'

/** Where an engine listens. */
export type EngineAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly secure: boolean }

/**
 * The engine to use, in DOCKER_HOST's form: `DOCKER_HOST`, else the first socket that there is. When there is
 * none it is the usual one: the engine may come later, and the message then names a path that people know.
 */
export function findSocket(
  env: NodeJS.ProcessEnv,
  exists: (path: string) => boolean = existsSync,
): string {
  const { DOCKER_HOST: given = '', XDG_RUNTIME_DIR: runtime = '', HOME: home = homedir() } = env
  if (given !== '') return given
  const usual = '/var/run/docker.sock'
  const paths = [
    usual,
    '/tmp/docker.sock',
    ...(runtime === '' ? [] : [join(runtime, 'docker.sock')]),
    join(home, '.docker/run/docker.sock'),
    join(home, '.docker/desktop/docker.sock'),
  ]
  return `unix://${paths.find(exists) ?? usual}`
}

/** Reads `unix:///path`, `tcp://host:port`, `http(s)://host:port` or `host:port`. Throws `bad-value` for others. */
export function parseEngineAddress(text: string, withTls: boolean): EngineAddress {
  const path = /^unix:\/\/(\/.+)$/.exec(text)?.[1]
  if (path !== undefined) return { kind: 'unix', path }
  const url = URL.parse(text.includes('://') ? text.replace(/^tcp:/, 'http:') : `http://${text}`)
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '') throw unreadable(text)
  const secure = withTls || url.protocol === 'https:'
  // URL drops the port that is usual for its scheme, so it is read from the text
  const port = Number(/:(\d+)\/?$/.exec(text)?.[1] ?? (secure ? 2376 : 2375))
  return { kind: 'tcp', host: url.hostname, port, secure }
}

function unreadable(text: string): PortolanError {
  return new PortolanError(
    'bad-value',
    `${JSON.stringify(text)} is no address of a Docker engine; write unix:///var/run/docker.sock or tcp://host:2375`,
  )
}
