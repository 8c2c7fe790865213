import { Resolver } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'

import { compare } from '../core/catalog.ts'
import { errnoOf, messageOf } from '../core/errors.ts'
import type { NameAnswer, Question } from './names.ts'

/** Answers of the name service, each asked for once and kept for a while. */
export type Lookups = {
  /** Settles always, at the latest after some seconds; what can't be answered says why. */
  answers(questions: Iterable<Question>): Promise<ReadonlyMap<Question, NameAnswer>>
  /** When the first of these answers is too old; undefined for none. */
  staleInMs(questions: Iterable<Question>): number | undefined
}

export type LookupOptions = {
  /** `ip:port` of name servers instead of those of /etc/resolv.conf. */
  readonly servers?: readonly string[]
  readonly hostsFile?: string
  /** Of one try of two; 2 s. */
  readonly timeoutMs?: number
  /** Bounds of the time that an answer is kept, whatever its TTL says. */
  readonly keepMs?: { readonly least: number; readonly most: number }
}

type Kept = { readonly answer: NameAnswer; readonly staleAt: number; usedAt: number }
type Found = { readonly answer: NameAnswer; readonly ttlMs: number }

/** Answers that nobody asked for since are forgotten. */
const unusedMs = 60 * 60_000
/** These are answers: there is no such name. Whatever else goes wrong may be the name server's trouble. */
const definite = new Set(['ENOTFOUND', 'EBADNAME', 'EBADQUERY', 'EFORMERR'])

export function createLookups(options: LookupOptions = {}): Lookups {
  const { servers, hostsFile = '/etc/hosts', timeoutMs = 2000 } = options
  const { least, most } = options.keepMs ?? { least: 5000, most: 300_000 }
  const kept = new Map<Question, Kept>()
  const running = new Map<Question, Promise<void>>()

  const ask = async (question: Question) => {
    const now = performance.now()
    const old = kept.get(question)
    const found = await answerOf(question, { servers, hostsFile, timeoutMs, old: old?.answer })
    const keepMs = Math.min(most, Math.max(least, found.ttlMs))
    kept.set(question, { answer: found.answer, staleAt: now + keepMs, usedAt: now })
    running.delete(question)
  }
  const known = async (question: Question) => {
    const now = performance.now()
    const one = kept.get(question)
    if (one && one.staleAt > now) {
      one.usedAt = now
      return
    }
    const asking = running.get(question) ?? ask(question)
    running.set(question, asking)
    await asking
  }
  const forget = () => {
    const before = performance.now() - unusedMs
    for (const [question, { usedAt }] of kept) if (usedAt < before) kept.delete(question)
  }

  return {
    async answers(questions) {
      const all = [...questions]
      await Promise.all(all.map(known))
      forget()
      return new Map(
        all.flatMap((question) => {
          const one = kept.get(question)
          return one ? [[question, one.answer]] : []
        }),
      )
    },
    staleInMs(questions) {
      const times = [...questions].flatMap((question) => kept.get(question)?.staleAt ?? [])
      return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - performance.now())
    },
  }
}

type Sources = {
  readonly servers: LookupOptions['servers'] | undefined
  readonly hostsFile: string
  readonly timeoutMs: number
  /** The last answer: it stays when the name servers don't answer. */
  readonly old: NameAnswer | undefined
}

async function answerOf(
  question: Question,
  { servers, hostsFile, timeoutMs, old }: Sources,
): Promise<Found> {
  const [kind = '', name = ''] = question.split(' ')
  const local = kind === 'srv' ? [] : await inHosts(hostsFile, name)
  if (local.length > 0) {
    const ips = local.filter((ip) => ip.includes(':') === (kind === '6'))
    return { answer: { ips: ips.toSorted(compare) }, ttlMs: 0 }
  }
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 })
  if (servers) resolver.setServers(servers)
  try {
    return kind === 'srv' ? await srvOf(resolver, name) : await ipsOf(resolver, kind, name)
  } catch (error) {
    const code = errnoOf(error) ?? ''
    if (code === 'ENODATA') return { answer: { ips: [], servers: [] }, ttlMs: 0 }
    const why = definite.has(code) ? 'there is no such name' : messageOf(error)
    const said = `${name} could not be looked up (${why}); check the name and the name servers`
    const answer = definite.has(code) || !old || 'error' in old ? { error: said } : old
    return { answer, ttlMs: 0 }
  }
}

async function ipsOf(resolver: Resolver, kind: string, name: string): Promise<Found> {
  const options = { ttl: true } as const
  const found = await (kind === '6'
    ? resolver.resolve6(name, options)
    : resolver.resolve4(name, options))
  const ips = found.map(({ address }) => address).toSorted(compare)
  return { answer: { ips }, ttlMs: Math.min(...found.map(({ ttl }) => ttl)) * 1000 }
}

/** Node doesn't give the TTL of these: half a minute. */
async function srvOf(resolver: Resolver, name: string): Promise<Found> {
  const found = await resolver.resolveSrv(name)
  const servers = found
    .map((one) => ({
      Target: one.name,
      Port: one.port,
      Priority: one.priority,
      Weight: one.weight,
    }))
    .toSorted(
      (a, b) =>
        compare(a.Target, b.Target) ||
        a.Port - b.Port ||
        a.Priority - b.Priority ||
        a.Weight - b.Weight,
    )
  return { answer: { servers }, ttlMs: 30_000 }
}

/** The addresses of `name` in a file such as /etc/hosts (hosts(5)), where Compose writes `extra_hosts`. */
async function inHosts(file: string, name: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => {
    const [ip = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    return names.includes(name) ? [ip] : []
  })
}
