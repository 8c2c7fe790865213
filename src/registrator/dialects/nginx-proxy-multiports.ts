import { parse } from 'yaml'
import { z } from 'zod'

import { messageOf, PortolanError } from '../../core/errors.ts'

/** One host and path of `VIRTUAL_HOST_MULTIPORTS`; empty texts are not set. */
export type MultiPort = {
  readonly host: string
  readonly path: string
  readonly port: string
  readonly dest: string
  readonly proto: string
}

const maxLength = 16_384

const text = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => `${value ?? ''}`)
const way = z
  .object({ port: text, dest: text, proto: text })
  .nullish()
  .transform((value) => value ?? { port: '', dest: '', proto: '' })
const hosts = z.record(z.string(), z.record(z.string(), z.unknown()).nullable())

/**
 * Reads `{host: {"/path": {port, dest, proto}}}` in YAML or JSON, at most 16384 characters. A host without paths has
 * all of them. Keys that don't begin with "/" come back as `others`. Throws `bad-value`.
 */
export function multiPortsOf(source: string): {
  readonly ways: readonly MultiPort[]
  readonly others: readonly string[]
} {
  if (source.length > maxLength) {
    throw bad(`it has ${source.length} characters; write ${maxLength} at most`)
  }
  const found = hosts.safeParse(read(source))
  if (!found.success) throw bad(`it is not as expected; ${shape}`)
  const ways: MultiPort[] = []
  const others: string[] = []
  for (const [host, paths] of Object.entries(found.data)) {
    const keys = Object.keys(paths ?? {})
    const own = keys.filter((key) => key.startsWith('/'))
    others.push(...keys.filter((key) => !key.startsWith('/')).map((key) => `${host}: ${key}`))
    for (const path of own.length === 0 ? ['/'] : own) {
      const { data } = way.safeParse(paths?.[path])
      if (!data) throw bad(`${path} of ${host} is not as expected; ${shape}`)
      ways.push({ host, path, ...data })
    }
  }
  return { ways, others }
}

const shape = 'write host: {"/path": {port: 8080, dest: "/", proto: http}}'

function read(source: string): unknown {
  try {
    return parse(source, { maxAliasCount: 10, logLevel: 'error', schema: 'core' })
  } catch (error) {
    const [line = ''] = messageOf(error).replaceAll(';', ',').split('\n')
    throw bad(`it is neither YAML nor JSON (${line}); ${shape}`)
  }
}

function bad(message: string): PortolanError {
  return new PortolanError('bad-value', message)
}
