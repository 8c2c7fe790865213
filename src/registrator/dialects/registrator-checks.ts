import { durationMs } from '../../core/duration.ts'
import { PortolanError } from '../../core/errors.ts'
import { type HealthCheck, healthSchema } from '../../core/policy.ts'
import { didYouMean } from '../../core/suggest.ts'
import type { GivenReader } from './given.ts'
import type { Word, Words } from './registrator-words.ts'

/** In the order in which registrator looks for them; the first that can be made is made. */
const kinds = ['http', 'https', 'cmd', 'script', 'docker', 'ttl', 'tcp', 'grpc'] as const
type Kind = (typeof kinds)[number]

const impossible = {
  cmd: 'commands are not run for containers',
  script: 'scripts are not run for containers',
  docker: 'nothing is run inside of containers',
  ttl: 'nobody tells us that the container lives',
}

const modifiers = ['http_method', 'https_method', 'interval', 'timeout', 'grpc_use_tls']

/** Known, and of no use here. */
const needless = new Map([
  ['tls_skip_verify', 'certificates of containers are not verified by checks'],
  ['initial_status', 'an instance gets requests after its first good check'],
  ['deregister_after', 'an instance that fails its checks stays registered and gets no requests'],
])

/**
 * The active check that `SERVICE_CHECK_*` ask for. As Consul makes it: each result counts at once, 2xx and 429 pass,
 * every 10 s, an answer within 10 s, unless said otherwise.
 */
export function healthOf(words: Words, reader: GivenReader): HealthCheck | undefined {
  for (const kind of kinds) {
    const word = wordNamed(words, kind)
    const fields = word && fieldsOf(kind, word, words, reader)
    if (fields === undefined) continue
    return healthSchema.parse({
      intervalMs: duration(words, 'interval', reader),
      timeoutMs: duration(words, 'timeout', reader),
      rise: 1,
      fall: 1,
      expect: ['2xx', '429'],
      ...fields,
    })
  }
  return undefined
}

/** Set means not empty. */
function wordNamed(words: Words, name: string): Word | undefined {
  const word = words.get(`check_${name}`)
  return word?.text === '' ? undefined : word
}

/** What the kind of check adds; undefined when it can't be made, and then it is said why. */
function fieldsOf(
  kind: Kind,
  word: Word,
  words: Words,
  reader: GivenReader,
): Partial<HealthCheck> | undefined {
  switch (kind) {
    case 'http':
    case 'https': {
      const path = reader.read(word, pathOf)
      const method = wordNamed(words, `${kind}_method`)
      return path === undefined
        ? undefined
        : { kind, path, ...(method && methodOf(method, reader)) }
    }
    case 'grpc': {
      const tls = wordNamed(words, 'grpc_use_tls')
      if (tls === undefined || /^(false|0)$/i.test(tls.text)) return { kind }
      return refused(tls, 'gRPC checks go without TLS', reader)
    }
    case 'tcp':
      return { kind }
    case 'cmd':
    case 'script':
    case 'docker':
    case 'ttl':
      return refused(word, impossible[kind], reader)
  }
}

/** A script may hold a password, so that its text is nobody's business. */
function refused(word: Word, why: string, reader: GivenReader): undefined {
  const remedy = 'use SERVICE_CHECK_HTTP or SERVICE_CHECK_TCP, or a HEALTHCHECK of the image'
  reader.note({ ...word, text: '…' }, { severity: 'warning', why: `not possible: ${why}`, remedy })
  return undefined
}

function pathOf(text: string): string {
  if (/^\/\S*$/.test(text)) return text
  throw new PortolanError('bad-value', 'it is not a path; begin it with "/"')
}

function methodOf(word: Word, reader: GivenReader): { method: string } | undefined {
  const method = reader.read(word, (text) => {
    if (/^[A-Za-z]{1,20}$/.test(text)) return text.toUpperCase()
    throw new PortolanError('bad-value', 'it is not a method; write one such as GET or HEAD')
  })
  return method === undefined ? undefined : { method }
}

function duration(words: Words, name: string, reader: GivenReader): number {
  const word = wordNamed(words, name)
  const ms = word && reader.read(word, durationMs)
  return ms === undefined || ms < 1 ? 10_000 : ms
}

/** Says of a word that is about checks when it is none of the known ones. */
export function sayUnknownCheck({ key, ...word }: Word, reader: GivenReader): void {
  if (!key.startsWith('check_') || word.text === '') return
  const name = key.slice('check_'.length)
  const known = [...kinds, ...modifiers]
  if (known.includes(name)) return
  const why = needless.get(name) ?? `there is no such check${didYouMean(name, known)}`
  const severity = needless.has(name) ? 'note' : 'warning'
  reader.note({ ...word, text: '…' }, { severity, why, remedy: 'remove it, or correct its name' })
}
