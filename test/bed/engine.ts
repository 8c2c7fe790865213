import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

import { isRootOnDebian, output, run, say, SetupError } from './shell.ts'

/** Where an engine is found that nothing says otherwise of. */
export const usualEngine = 'unix:///var/run/docker.sock'

/**
 * The address, in DOCKER_HOST's form, of an engine that answers: DOCKER_HOST's or the current context's, else the
 * first of the usual sockets. Where none does, one is installed and started, if we may.
 */
export async function useEngine(): Promise<string> {
  const address = (await answering()) ?? (await started())
  const env = { ...process.env, DOCKER_HOST: address }
  if ((await output('docker', ['compose', 'version'], env)) === undefined) {
    throw new SetupError('`docker compose` is missing: install the Compose plugin (v2)')
  }
  return address
}

async function answering(): Promise<string | undefined> {
  for (const address of [await current(), ...usualSockets()]) {
    if (address !== undefined && (await answers(address))) return address
  }
  return undefined
}

/** DOCKER_HOST, or what the context of the docker command says. */
async function current(): Promise<string | undefined> {
  return output('docker', ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'])
}

function usualSockets(): string[] {
  const runtime = process.env['XDG_RUNTIME_DIR'] ?? '/run'
  const desktop = ['.docker/run/docker.sock', '.docker/desktop/docker.sock']
  const sockets = [
    '/var/run/docker.sock',
    join(runtime, 'docker.sock'),
    ...desktop.map((path) => join(homedir(), path)),
  ]
  return sockets.filter((path) => existsSync(path)).map((path) => `unix://${path}`)
}

async function answers(address: string): Promise<boolean> {
  const env = { ...process.env, DOCKER_HOST: address }
  return (await output('docker', ['version'], env)) !== undefined
}

async function started(): Promise<string> {
  if (process.env['DOCKER_HOST'] !== undefined || !(await isRootOnDebian())) {
    throw new SetupError(
      'no Docker Engine answers: start one, or name it in DOCKER_HOST. ' +
        'Without one: npm test -- test/core test/proxy test/confd',
    )
  }
  say('no Docker Engine answers: installing and starting one (stop it: test/bed/engine.sh down)')
  if ((await run('test/bed/engine.sh', ['up'])) !== 0) {
    throw new SetupError('test/bed/engine.sh could not start a Docker Engine; it said why above')
  }
  return usualEngine
}
