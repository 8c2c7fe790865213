import { glob, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

import { expect, test } from 'vitest'

/** Who may import whom. A folder missing here may be imported by nobody; main.ts may import all. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  store: ['core'],
  docker: ['core'],
  registrator: ['core', 'store', 'docker'],
  catalog: ['core', 'store'],
  certs: ['core', 'store'],
  proxy: ['core'],
  confd: ['core', 'store'],
  admin: ['core'],
  // a setting is read by the one who knows its form
  config: ['core', 'store', 'docker'],
  assembly: [
    'core',
    'store',
    'docker',
    'registrator',
    'catalog',
    'certs',
    'proxy',
    'admin',
    'config',
    'version.ts',
  ],
  // check runs dialects and the route table over containers that it makes of a compose file
  cli: ['core', 'config', 'confd', 'docker', 'registrator', 'proxy', 'main.ts', 'version.ts'],
  'cli.ts': ['core', 'cli'],
  // package.json has the version
  'version.ts': ['..'],
}

/** What some of the proxy's folders may know of the others. Files beside `proxy.ts` belong to all. */
const insideProxy: Readonly<Record<string, readonly string[]>> = {
  // who has which rule is the same whoever serves by it
  table: ['middleware'],
  middleware: ['table'],
  // an upstream's connections may go over HTTP/2
  http1: ['http2'],
  // rotations are made of a worker's upstreams
  balance: ['worker'],
}

/** Packages that one layer alone may know, so that a port stays a port. */
const onlyIn: Readonly<Record<string, string>> = {
  dockerode: 'docker',
  '@grpc/grpc-js': 'store',
  '@grpc/proto-loader': 'store',
  nunjucks: 'confd',
  'smol-toml': 'confd',
  fastify: 'admin',
}

async function* imports() {
  for await (const file of glob('src/**/*.ts')) {
    const [, layer = ''] = file.split('/')
    const source = await readFile(file, 'utf8')
    for (const [, specifier = ''] of source.matchAll(/(?:from|import\()\s*'([^']+)'/g)) {
      yield { file, layer, specifier }
    }
  }
}

test('imports go one way', async () => {
  const wrong: string[] = []
  for await (const { file, layer, specifier } of imports()) {
    if (!specifier.startsWith('.') || layer === 'main.ts') continue
    const [target = ''] = relative('src', join(dirname(file), specifier)).split('/')
    if (target !== layer && !mayImport[layer]?.includes(target)) wrong.push(`${file} → ${target}`)
  }
  expect(wrong).toEqual([])
})

test('the parts of the proxy know of each other only what they need', async () => {
  const wrong: string[] = []
  for await (const { file, specifier } of imports()) {
    const [, layer, part = ''] = file.split('/')
    const known = insideProxy[part]
    if (layer !== 'proxy' || !known || !specifier.startsWith('.')) continue
    const [top, target = ''] = relative('src', join(dirname(file), specifier)).split('/')
    const isFolder = top === 'proxy' && !target.endsWith('.ts')
    if (isFolder && target !== part && !known.includes(target)) wrong.push(`${file} → ${target}`)
  }
  expect(wrong).toEqual([])
})

test('a package that stands behind a port is imported behind it only', async () => {
  const wrong: string[] = []
  for await (const { file, layer, specifier } of imports()) {
    const home = onlyIn[specifier]
    if (home !== undefined && home !== layer) wrong.push(`${file} → ${specifier}`)
  }
  expect(wrong).toEqual([])
})

test('nobody loads the client behind fetch, which an import of node:http brings', async () => {
  const wrong: string[] = []
  for await (const file of glob('src/**/*.ts')) {
    const source = await readFile(file, 'utf8')
    if (/^import (?!type )[^;']*'(?:node:)?https?'/m.test(source)) wrong.push(file)
  }
  expect(wrong).toEqual([])
})

/** The files that run when `file` is imported, `file` included, and the packages that they bring. */
async function loadedBy(file: string, seen = new Set<string>()): Promise<ReadonlySet<string>> {
  if (seen.has(file)) return seen
  seen.add(file)
  const source = await readFile(file, 'utf8')
  for (const [, specifier = ''] of source.matchAll(
    /^(?:im|ex)port (?!type )(?:[^'=;()]* from )?'([^']+)'/gm,
  )) {
    if (specifier.startsWith('.')) await loadedBy(join(dirname(file), specifier), seen)
    else seen.add(specifier)
  }
  return seen
}

test('a worker loads only what serves requests', async () => {
  const loaded = [...(await loadedBy('src/proxy/worker/thread.ts'))]
  expect(loaded).toContain('src/proxy/exchange/exchange.ts')
  expect(loaded.filter((one) => /^[^./]+$/.test(one) && !one.startsWith('node:'))).toEqual([
    're2js',
  ])
  expect(loaded.filter((one) => one.startsWith('src/proxy/control/'))).toEqual([])
})
