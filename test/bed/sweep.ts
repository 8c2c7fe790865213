import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'

import { output, run, say } from './shell.ts'

/** What is there of the kinds that tests make. */
export type Traces = {
  readonly containers: readonly string[]
  readonly networks: readonly string[]
  /** Names of beds of several hosts (hosts.sh). */
  readonly beds: readonly string[]
}

const labels = ['test.portolan', 'org.testcontainers=true']

/** Looks for what tests make, theirs or others': another project may use testcontainers as well. */
export async function tracesOf(env: NodeJS.ProcessEnv): Promise<Traces> {
  return {
    containers: await ids(['ps', '-aq'], env),
    networks: await ids(['network', 'ls', '-q'], env),
    beds: await beds(),
  }
}

/** Takes away what wasn't there before, and so was left by tests that were cut short. */
export async function sweep(before: Traces, env: NodeJS.ProcessEnv): Promise<void> {
  const now = await tracesOf(env)
  const containers = without(now.containers, before.containers)
  if (containers.length > 0) {
    say(`removing ${containers.length} containers that tests left`)
    await output('docker', ['rm', '-fv', ...containers], env)
  }
  const networks = without(now.networks, before.networks)
  if (networks.length > 0) await output('docker', ['network', 'rm', ...networks], env)
  for (const bed of without(now.beds, before.beds)) {
    await run('test/bed/hosts.sh', ['down'], { ...env, BED: bed })
  }
}

function without(now: readonly string[], before: readonly string[]): string[] {
  return now.filter((one) => !before.includes(one))
}

async function ids(list: readonly string[], env: NodeJS.ProcessEnv): Promise<string[]> {
  const printed = await Promise.all(
    labels.map(async (label) => output('docker', [...list, '--filter', `label=${label}`], env)),
  )
  return printed.flatMap((lines = '') => lines.split('\n')).filter((id) => id !== '')
}

async function beds(): Promise<string[]> {
  const names = await readdir('/run').catch(() => [])
  return names.filter((name) => existsSync(`/run/${name}/h1/ns`))
}
