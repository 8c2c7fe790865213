import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Server } from 'node:net'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

import { onTestFinished } from 'vitest'

import { createLookups } from '../../src/confd/lookups.ts'
import { nothingLooked, renderResource } from '../../src/confd/render.ts'
import { createRenderer } from '../../src/confd/renderer.ts'
import { parseResources } from '../../src/confd/resource.ts'
import { type Catalog, emptyCatalog } from '../../src/core/catalog.ts'
import { type Instance, serviceId } from '../../src/core/instance.ts'
import type { NodeRecord } from '../../src/core/keys.ts'
import type { Chosen } from '../../src/core/vantage.ts'
const library = fileURLToPath(new URL('../../templates/', import.meta.url))

/** A file of the library, as it is copied. */
export const libraryPath = (name: string, file: string) => `${library}${name}/${file}`

/** What the library's template `name` makes of `instances`. Throws what the render fails with, and warnings. */
export async function renderLibrary(name: string, instances: readonly Instance[]): Promise<string> {
  const [[, text] = []] = await renderAll(name, instances)
  if (text === undefined) throw new Error(`${name}.toml has no template`)
  return text
}

/** All that the resource of `name` makes: texts by the names of their files, in its order. */
export async function renderAll(
  name: string,
  instances: readonly Instance[],
  nodes: readonly NodeRecord[] = [],
): Promise<Map<string, string>> {
  const file = `${name}.toml`
  const parsed = parseResources(file, await readFile(libraryPath(name, file), 'utf8'))
  const catalog: Catalog = {
    ...emptyCatalog,
    services: Map.groupBy(instances, serviceId),
    nodes: new Map(nodes.map((one) => [one.node, one])),
  }
  const sources = { pairs: new Map<string, string>(), catalog, addressOf, lookups: createLookups() }
  const renderer = createRenderer(`${library}${name}`)
  onTestFinished(() => renderer.close())
  const texts = new Map<string, string>()
  for (const one of parsed) {
    if ('fault' in one) throw one.fault
    if (one.warnings.length > 0) throw new Error(JSON.stringify(one.warnings))
    const limits = { ...one.resource, renderTimeoutMs: 60_000 }
    const rendered = await renderResource(limits, renderer, sources, nothingLooked)
    if (rendered.kind === 'failed') throw rendered.error
    if (rendered.kind !== 'content') throw new Error(rendered.kind)
    texts.set(basename(one.resource.dest), rendered.content.toString())
  }
  return texts
}

function addressOf({ addresses: [first], port }: Instance): Chosen {
  return first
    ? { ok: true, ip: first.ip, port, why: 'test' }
    : { ok: false, why: 'no network in common', remedy: 'put both on one network' }
}

/** Starts a program that stays; it ends with the test. `said` is what it has printed so far. */
export function started(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  return { child, said: () => said }
}

/** The port that `server` listens on until the test ends. */
export async function listening(server: Server, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host)
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('no port')
  return address.port
}

/** Runs a program to its end: its exit code, and what it said on both outputs. */
export async function ran(command: string, args: readonly string[], env = process.env) {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [code]: unknown[] = await once(child, 'close')
  return { code, said }
}
