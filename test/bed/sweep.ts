import { existsSync } from 'node:fs'

import { output, run, say } from './shell.ts'

const testcontainers = 'org.testcontainers=true'
const ours = 'portolan.test'

/** The containers of testcontainers that are there already: another project's, perhaps. */
export async function testcontainersThere(env: NodeJS.ProcessEnv): Promise<ReadonlySet<string>> {
  return new Set(await containers(testcontainers, env))
}

/** Takes away what tests left when they were cut short: containers, networks and hosts, and nobody else's. */
export async function sweep(before: ReadonlySet<string>, env: NodeJS.ProcessEnv): Promise<void> {
  const theirs = await containers(testcontainers, env)
  const left = [...(await containers(ours, env)), ...theirs.filter((id) => !before.has(id))]
  if (left.length > 0) {
    say(`removing ${left.length} containers that tests left`)
    await output('docker', ['rm', '-fv', ...left], env)
  }
  const networks = await ids(['network', 'ls', '-q'], ours, env)
  if (networks.length > 0) await output('docker', ['network', 'rm', ...networks], env)
  if (existsSync(`/run/${env['BED']}`)) await run('test/bed/hosts.sh', ['down'], env)
}

async function containers(label: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  return ids(['ps', '-aq'], label, env)
}

async function ids(
  list: readonly string[],
  label: string,
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  const printed = (await output('docker', [...list, '--filter', `label=${label}`], env)) ?? ''
  return printed.split('\n').filter((id) => id !== '')
}
