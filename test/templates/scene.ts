import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

import { onTestFinished } from 'vitest'

import { createLookups } from '../../src/confd/lookups.ts'
import { nothingLooked, renderResource } from '../../src/confd/render.ts'
import { createRenderer } from '../../src/confd/renderer.ts'
import type { Chosen } from '../../src/core/address.ts'
import { type Catalog, emptyCatalog } from '../../src/core/catalog.ts'
import { type Instance, serviceId } from '../../src/core/instance.ts'
import { parseResource } from '../confd/scene.ts'

const library = fileURLToPath(new URL('../../templates/', import.meta.url))

/** What the library's template `name` makes of `instances`. Throws what the render fails with, and warnings. */
export async function renderLibrary(name: string, instances: readonly Instance[]): Promise<string> {
  const file = `${name}.toml`
  const source = await readFile(`${library}${name}/${file}`, 'utf8')
  const { resource, warnings } = parseResource(file, source)
  if (warnings.length > 0) throw new Error(JSON.stringify(warnings))
  const catalog: Catalog = { ...emptyCatalog, services: Map.groupBy(instances, serviceId) }
  const renderer = createRenderer(`${library}${name}`)
  onTestFinished(() => renderer.close())
  const sources = { pairs: new Map<string, string>(), catalog, addressOf, lookups: createLookups() }
  const limits = { ...resource, renderTimeoutMs: 60_000 }
  const rendered = await renderResource(limits, renderer, sources, nothingLooked)
  if (rendered.kind === 'failed') throw rendered.error
  if (rendered.kind !== 'content') throw new Error(rendered.kind)
  return rendered.content.toString()
}

function addressOf({ addresses: [first], port }: Instance): Chosen {
  return first
    ? { ok: true, ip: first.ip, port, why: 'test' }
    : { ok: false, why: 'no network in common', remedy: 'put both on one network' }
}

/** Runs a program to its end: its exit code, and what it said on both outputs. */
export async function ran(command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [code]: unknown[] = await once(child, 'close')
  return { code, said }
}
