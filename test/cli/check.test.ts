import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'
import { z } from 'zod'

import { interpolated, parseEnv } from '../../src/cli/check/interpolate.ts'
import { commandOf } from '../../src/cli/command.ts'
import { perform } from '../../src/cli/perform.ts'
import { runCli } from './run-cli.ts'

const answerSchema = z.object({
  problems: z.array(
    z.object({
      file: z.string(),
      line: z.number(),
      service: z.string(),
      severity: z.string(),
      what: z.string(),
      why: z.string(),
      remedy: z.string(),
    }),
  ),
})

/** Checks files by their content, the first named ones by `-f`; gives what was found and the exit code. */
async function checked(files: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv = {}) {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'portolan-check-'))
  const named: string[] = []
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder.path, name), text)
    if (name.endsWith('.yaml')) named.push('-f', join(folder.path, name))
  }
  let out = ''
  const write = (text: string) => void (out += text)
  // in this process: a start for each case would take most of the time
  const command = commandOf(['check', '--json', ...named], env)
  const code = await perform(command, { write, colours: false })
  const { problems } = answerSchema.parse(JSON.parse(out))
  return { code, problems: problems.map((one) => ({ ...one, file: one.file.split('/').at(-1) })) }
}

const stack = (services: string) => ({ 'compose.yaml': `name: shop\nservices:\n${services}` })

test('what one service declares for another is found, and what none does may be elsewhere', async () => {
  const { problems, code } = await checked(
    stack(`
  a:
    image: a
    expose: [80]
    labels:
      traefik.http.routers.a.rule: Host(\`a\`)
      traefik.http.routers.a.middlewares: m@docker,n@docker
  b:
    image: b
    labels: { traefik.http.middlewares.m.stripprefix.prefixes: /x }
`),
  )
  expect(problems.map(({ service, severity, what }) => [service, severity, what])).toEqual([
    ['a', 'warning', 'middleware n@docker'],
  ])
  expect(code).toBe(0)
})

test('a good file has no problem, in all the forms that Compose has', async () => {
  const file = stack(`
  a:
    image: a
    expose: [3000, "3001-3003/tcp"]
    labels: { portolan.host: a.localhost, portolan.port: 3000 }
  b:
    build: .
    ports: ["127.0.0.1:8080:80", "53:53/udp", { target: 90, published: "9090", protocol: tcp }]
    labels:
      - portolan.host=b.localhost
      - portolan.port=90
    networks: { back: {} }
    deploy: { replicas: 3 }
  c:
    image: c
    network_mode: host
    labels: { portolan.host: c.localhost, portolan.port: "7000" }
networks: { back: { external: true } }
`)
  expect(await checked(file)).toEqual({ code: 0, problems: [] })
})

for (const [name, services, expected] of [
  [
    'a value that is none',
    '  a: { image: a, expose: ["80"], labels: { portolan.host: a.localhost, portolan.port: "x" } }',
    { severity: 'error', service: 'a', what: /portolan\.port="x"/, line: 3 },
  ],
  [
    'a label that there is not',
    '  a:\n    image: a\n    expose: ["80"]\n    labels:\n      - portolan.hots=a.localhost',
    { severity: 'warning', service: 'a', what: /portolan\.hots/, line: 7 },
  ],
  [
    'two services with one rule',
    `  a: { image: a, expose: ["80"], labels: { portolan.host: a.localhost } }
  b: { image: b, expose: ["80"], labels: { portolan.host: a.localhost } }`,
    { severity: 'error', service: 'b', what: /Host\(`a\.localhost`\).*is not used/, line: 4 },
  ],
  [
    'a route without a port',
    '  a: { image: a, labels: { portolan.host: a.localhost } }',
    { severity: 'warning', service: 'a', what: /route without a port/, line: 3 },
  ],
  [
    'labels for Swarm',
    '  a: { image: a, deploy: { labels: { portolan.host: a.localhost } } }',
    { severity: 'error', service: 'a', what: /stands under deploy/, line: 3 },
  ],
  [
    'a network that it is not on',
    '  a: { image: a, expose: ["80"], labels: { portolan.host: a.localhost, portolan.network: default } }',
    { severity: 'error', service: 'a', what: /network default/, line: 3 },
  ],
  [
    'a variable without a value',
    '  a: { image: a, expose: ["80"], labels: { portolan.host: "a.${NOWHERE_SET}localhost" } }',
    { severity: 'warning', service: '', what: /NOWHERE_SET is not set/, line: 3 },
  ],
  [
    'what is not followed',
    '  a: { extends: { service: b, file: other.yaml } }',
    { severity: 'warning', service: 'a', what: /extends is not followed/, line: 3 },
  ],
] as const) {
  test(`${name} is found, with its line and what to do`, async () => {
    const { code, problems } = await checked(stack(services))
    const { what, ...rest } = expected
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ ...rest, what: expect.stringMatching(what) })
    expect(problems[0]?.remedy).not.toBe('')
    expect(code).toBe(expected.severity === 'error' ? 1 : 0)
  })
}

test('files are laid over each other, and a problem is found in the one that has it', async () => {
  const { problems } = await checked({
    ...stack('  a: { image: a, expose: ["80"], labels: { portolan.host: a.localhost } }'),
    'compose.override.yaml': 'services:\n  a:\n    labels:\n      - portolan.port=70000\n',
  })
  expect(problems).toMatchObject([{ file: 'compose.override.yaml', line: 4, service: 'a' }])
})

test('variables come from the environment, else from .env; anchors and merge keys are followed', async () => {
  const file = stack(
    `  a: { image: a, <<: *base, expose: ["80"] }
  b: { image: b, expose: ["\${PORT:-80}"], labels: { portolan.host: "\${HOST}" } }`,
  )
  const anchored = `x-base: &base { labels: { portolan.host: one.localhost } }\n${file['compose.yaml']}`
  const files = { 'compose.yaml': anchored, '.env': 'HOST=one.localhost # the same\n' }
  expect((await checked(files)).problems).toMatchObject([{ service: 'b', severity: 'error' }])
  expect((await checked(files, { HOST: 'two.localhost' })).problems).toEqual([])
})

test('people get file, line, service and remedy in text; nothing wrong is one line', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'portolan-check-'))
  const file = join(folder.path, 'some.yml')
  await writeFile(
    file,
    'services:\n  a:\n    image: a\n    expose: ["80"]\n    labels: { portolan.port: x }\n',
  )
  const bad = await runCli(['check', file])
  expect(bad.code).toBe(1)
  expect(bad.out).toMatch(
    /some\.yml:5: error: service a: label portolan\.port="x": .*\n {4}→ write/,
  )
  await writeFile(file, 'services: { a: { image: a } }')
  expect(await runCli(['check', '-f', file])).toEqual({
    code: 0,
    out: `${file}: nothing is wrong\n`,
    err: '',
  })
})

for (const [name, text, message] of [
  ['no YAML', 'services: [', /:1: .*correct the YAML/],
  ['no compose file', 'a: 1', /no services; is that a compose file/],
] as const) {
  test(`${name} is told in one line`, async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'portolan-check-'))
    const file = join(folder.path, 'compose.yaml')
    await writeFile(file, text)
    const { code, err } = await runCli(['check', file])
    expect(code).toBe(1)
    expect(err).toMatch(message)
    expect(err.trimEnd().split('\n')).toHaveLength(1)
  })
}

test('a file that is not there is told, with exit code 2', async () => {
  const { code, err } = await runCli(['check', '/nowhere/compose.yaml'])
  expect(code).toBe(2)
  expect(err).toContain('/nowhere/compose.yaml')
})

const variables = new Map([
  ['X', 'x'],
  ['EMPTY', ''],
])
for (const [text, expected] of [
  ['$X ${X} $$X', 'x x $X'],
  ['${X:-d} ${EMPTY:-d} ${EMPTY-d} ${NONE:-d} ${NONE-d}', 'x d  d d'],
  ['${X:+y} ${EMPTY:+y} ${EMPTY+y} ${NONE+y}', 'y  y '],
  ['${NONE:-${X}}', 'x'],
  ['100% $5 {X}', '100% $5 {X}'],
] as const) {
  test(`${text} becomes ${expected}`, () => {
    expect(interpolated(text, variables)).toEqual({ text: expected, missing: [] })
  })
}

test('an .env file has comments, quotes and export', () => {
  const read = parseEnv('# no\nA=1 # one\nexport B="two # 2"\nC=\'$x\'\n\nD=\nnonsense\n')
  expect([...read]).toEqual([
    ['A', '1'],
    ['B', 'two # 2'],
    ['C', '$x'],
    ['D', ''],
  ])
})
