import { mkdir, mkdtempDisposable, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { createCerts } from '../../src/certs/certs.ts'
import type { CertificateSet } from '../../src/core/certificate.ts'
import { until } from '../../src/core/live.ts'
import { createLog } from '../../src/core/log.ts'
import { type Problem, problemBoard } from '../../src/core/problems.ts'
import { embeddedStore } from '../../src/store/embedded.ts'
import { createMirror } from '../../src/store/mirror.ts'
import { authority } from './authority.ts'

let ca: Awaited<ReturnType<typeof authority>>
beforeAll(async () => {
  ca = await authority()
}, 60_000)
afterAll(() => ca[Symbol.asyncDispose]())

const limitMs = 60_000

/** The component over a real folder and a real store. */
async function scene({ withFolder = true } = {}) {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await mkdtempDisposable(join(tmpdir(), 'portolan-certs-'))).path
  const store = stack.use(embeddedStore())
  const mirror = createMirror({ store, prefix: '/portolan/', onError: () => {} })
  const board = problemBoard()
  const registry = new Registry()
  const certs = createCerts({
    folder: withFolder ? folder : undefined,
    prefix: '/portolan',
    mirror,
    saved: undefined,
    report: (list) => board.report('certificates', list),
    registry,
    log: createLog({ level: 'silent', format: 'json' }),
  })
  const stop = new AbortController()
  const running = Promise.all([certs.run(stop.signal), mirror.run(stop.signal)])
  stack.defer(async () => {
    stop.abort()
    await running
  })
  const kept = stack.move()
  const limit = () => AbortSignal.timeout(limitMs)
  return {
    certs,
    store,
    registry,
    folder,
    write: (file: string, text: string) => writeFile(join(folder, file), text),
    put: (name: string, value: string) =>
      store.apply([{ kind: 'put', key: `/portolan/certificates/${name}`, value }], {}, limit()),
    names: (...names: readonly string[]) =>
      until(
        certs.certificates,
        (set): set is CertificateSet => set.map(({ name }) => name).join() === names.join(),
        limit(),
      ),
    problem: async (where: string, isIt: (problem: Problem) => boolean = () => true) => {
      const isThere = (one: Problem) => one.where.endsWith(where) && isIt(one)
      const list = await until(
        board.problems,
        (all): all is readonly Problem[] => all.some(isThere),
        limit(),
      )
      return list.find(isThere)
    },
    none: () =>
      until(board.problems, (all): all is readonly Problem[] => all.length === 0, limit()),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

test.concurrent(
  'pairs are found under the names that nginx-proxy, certbot and HAProxy give them',
  async () => {
    await using at = await scene()
    const [a, b, c, d] = await Promise.all(
      ['a.test', 'b.test', 'c.test', 'd.test'].map((name) =>
        ca.certificate({ names: [`DNS:${name}`] }),
      ),
    )
    if (!a || !b || !c || !d) throw new Error('not made')
    await at.write('a.test.key', a.key)
    await at.write('a.test.crt', a.cert)
    await at.write('a.test.dhparam.pem', 'no certificate')
    await at.write('ca.pem', ca.ca)
    await at.write('b.test.pem', `${b.key}${b.cert}`)
    await mkdir(join(at.folder, 'archive'))
    await at.write('archive/fullchain1.pem', c.cert)
    await at.write('archive/privkey1.pem', c.key)
    await mkdir(join(at.folder, 'c.test'))
    await symlink('../archive/fullchain1.pem', join(at.folder, 'c.test/fullchain.pem'))
    await symlink('../archive/privkey1.pem', join(at.folder, 'c.test/privkey.pem'))
    await at.put('d.test', JSON.stringify({ v: 1, cert: d.cert, key: d.key }))
    const set = await at.names('a.test', 'b.test', 'c.test', 'd.test')
    expect(set.map(({ names }) => names)).toEqual([['a.test'], ['b.test'], ['c.test'], ['d.test']])
    expect(set.map(({ source }) => source)).toEqual(['folder', 'folder', 'folder', 'store'])
    await at.none()
  },
  limitMs,
)

test.concurrent(
  'renewed, added and deleted files are taken over, a link that leads elsewhere too',
  async () => {
    await using at = await scene()
    const old = await ca.certificate({ names: ['DNS:a.test'] })
    const fresh = await ca.certificate({ names: ['DNS:a.test', 'DNS:www.a.test'] })
    for (const [sub, { cert, key }] of [
      ['1', old],
      ['2', fresh],
    ] as const) {
      await mkdir(join(at.folder, 'archive', sub), { recursive: true })
      await at.write(`archive/${sub}/fullchain.pem`, cert)
      await at.write(`archive/${sub}/privkey.pem`, key)
    }
    await symlink('archive/1', join(at.folder, 'a.test'))
    await at.names('a.test')
    await symlink('archive/2', join(at.folder, 'next'))
    await at.names('a.test', 'next')
    await rename(join(at.folder, 'next'), join(at.folder, 'a.test'))
    await until(
      at.certs.certificates,
      (set): set is CertificateSet => set.length === 1 && set[0]?.names.length === 2,
      AbortSignal.timeout(limitMs),
    )
    const other = await ca.certificate({ names: ['DNS:b.test'] })
    await at.put('b.test', JSON.stringify({ v: 1, cert: other.cert, key: other.key }))
    await at.names('a.test', 'b.test')
    await rm(join(at.folder, 'a.test'))
    await at.names('b.test')
    await at.none()
  },
  limitMs,
)

test.concurrent(
  'the last certificate is kept when it goes, and given up for the next one',
  async () => {
    await using at = await scene()
    const [a, b] = [await ca.certificate({ names: ['DNS:a.test'] }), await ca.certificate()]
    await at.write('a.test.pem', `${a.key}${a.cert}`)
    await at.names('a.test')
    await rm(join(at.folder, 'a.test.pem'))
    expect(await at.problem('a.test (folder)')).toMatchObject({
      severity: 'warning',
      what: 'it is gone, and there is no other one',
    })
    expect(at.certs.view().map(({ name }) => name)).toEqual(['a.test'])
    await at.put('b.test', JSON.stringify({ v: 1, cert: b.cert, key: b.key }))
    await at.names('b.test')
    await at.none()
  },
  limitMs,
)

test.concurrent(
  'what is there at the start is known before anything runs',
  async () => {
    await using dir = await mkdtempDisposable(join(tmpdir(), 'portolan-certs-'))
    const { cert, key } = await ca.certificate({ names: ['DNS:a.test'] })
    await writeFile(join(dir.path, 'a.test.pem'), `${key}${cert}`)
    const stored = await ca.certificate({ names: ['DNS:b.test'] })
    const value = JSON.stringify({ v: 1, cert: stored.cert, key: stored.key })
    const entry = { key: '/portolan/certificates/b.test', value, lease: '' }
    await using store = embeddedStore()
    const certs = createCerts({
      folder: dir.path,
      prefix: '/portolan',
      mirror: createMirror({ store, prefix: '/portolan/', onError: () => {} }),
      saved: new Map([[entry.key, entry]]),
      report: () => {},
      registry: new Registry(),
      log: createLog({ level: 'silent', format: 'json' }),
    })
    await certs.load()
    expect(certs.certificates.current.map(({ name }) => name)).toEqual(['a.test', 'b.test'])
  },
  limitMs,
)

test.concurrent(
  'a pair that does not match is a problem alone, and the last good one stays',
  async () => {
    await using at = await scene()
    const one = await ca.certificate({ names: ['DNS:a.test'] })
    const other = await ca.certificate({ names: ['DNS:a.test'] })
    await at.write('a.crt', one.cert)
    await at.write('a.key', one.key)
    await at.write('b.crt', other.cert)
    await at.write('b.key', other.key)
    const [before] = await at.names('a', 'b')
    await at.write('a.key', other.key)
    const wrong = await at.problem('/a.crt')
    expect(wrong).toMatchObject({
      severity: 'warning',
      why: 'the last good one goes on being used',
    })
    expect(wrong?.what).toContain('do not belong together')
    expect(at.certs.certificates.current[0]).toBe(before)
    await at.write('a.crt', other.cert)
    await at.none()
    expect(at.certs.certificates.current[0]?.fingerprint).not.toBe(before?.fingerprint)
  },
  limitMs,
)

test.concurrent(
  'what can not be read is a problem that says what to do',
  async () => {
    await using at = await scene()
    const good = await ca.certificate({ names: ['DNS:good.test'] })
    await at.write('good.crt', good.cert)
    await at.write('good.key', good.key)
    await at.write('alone.crt', good.cert)
    await at.write('text.crt', 'text')
    await at.write('text.key', good.key)
    await at.write('keyless.crt', good.cert)
    await at.write('keyless.key', 'text')
    await mkdir(join(at.folder, 'dangling'))
    await symlink('../../archive/1.pem', join(at.folder, 'dangling/fullchain.pem'))
    await symlink('../../archive/2.pem', join(at.folder, 'dangling/privkey.pem'))
    await at.put('broken', '{"v":1,"cert":"x"}')
    expect((await at.problem('/alone.crt'))?.remedy).toMatch(/put it beside it as .*alone\.key/)
    expect((await at.problem('/text.crt'))?.what).toContain('the certificate can not be read')
    expect((await at.problem('/keyless.crt'))?.what).toContain('the key can not be read')
    expect((await at.problem('fullchain.pem'))?.remedy).toContain('mount the folder')
    expect((await at.problem('certificates/broken'))?.severity).toBe('error')
    await at.names('good')
  },
  limitMs,
)

test.concurrent(
  'a folder that is not there is a problem until it is',
  async () => {
    await using at = await scene()
    await rm(at.folder, { recursive: true })
    expect((await at.problem('--certs'))?.what).toContain(at.folder)
    await mkdir(at.folder)
    await at.none()
  },
  limitMs,
)

test.concurrent(
  'those that expire are told of before, counted, and shown without their keys',
  async () => {
    await using at = await scene({ withFolder: false })
    for (const [name, days] of [
      ['soon', 13],
      ['later', 15],
      ['over', -1],
    ] as const) {
      const { cert, key } = await ca.certificate({ names: [`DNS:${name}.test`], days })
      await at.put(name, JSON.stringify({ v: 1, cert, key }))
    }
    await at.names('later', 'over', 'soon')
    expect(await at.problem('soon (store)')).toMatchObject({ severity: 'warning' })
    expect(await at.problem('over (store)')).toMatchObject({ severity: 'error' })
    const view = at.certs.view()
    expect(view.map(({ problem }) => problem !== null)).toEqual([false, true, true])
    expect(JSON.stringify(view)).not.toMatch(/PRIVATE|BEGIN/)
    const metrics = await at.registry.metrics()
    const seconds = (name: string) =>
      Number(new RegExp(`expiry_seconds{name="${name}",source="store"} (\\S+)`).exec(metrics)?.[1])
    expect(seconds('later')).toBeGreaterThan(14 * 86_400)
    expect(seconds('later')).toBeLessThanOrEqual(15 * 86_400)
    expect(seconds('over')).toBeLessThan(0)
  },
  limitMs,
)

test.concurrent(
  'one that has expired does not replace one that has not',
  async () => {
    await using at = await scene({ withFolder: false })
    const good = await ca.certificate({ names: ['DNS:a.test'] })
    const over = await ca.certificate({ names: ['DNS:a.test'], days: -1 })
    await at.put('a', JSON.stringify({ v: 1, ...good }))
    const [before] = await at.names('a')
    await at.put('a', JSON.stringify({ v: 1, ...over }))
    expect((await at.problem('certificates/a'))?.what).toContain('expired')
    expect(at.certs.certificates.current[0]).toBe(before)
  },
  limitMs,
)
