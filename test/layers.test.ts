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

test('a package that stands behind a port is imported behind it only', async () => {
  const wrong: string[] = []
  for await (const { file, layer, specifier } of imports()) {
    const home = onlyIn[specifier]
    if (home !== undefined && home !== layer) wrong.push(`${file} → ${specifier}`)
  }
  expect(wrong).toEqual([])
})
