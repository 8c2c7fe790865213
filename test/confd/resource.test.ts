import { expect, test } from 'vitest'

import { parseMode } from '../../src/confd/mode.ts'
import { parseResource } from '../../src/confd/resource.ts'

const minimal = '[template]\nsrc = "a.njk"\ndest = "/etc/a.conf"\n'
const resourceOf = (more: string) => parseResource('a.toml', minimal + more).resource

test('a resource of two fields has defaults for all others', () => {
  expect(parseResource('a.toml', minimal)).toEqual({
    warnings: [],
    resource: {
      name: 'a.toml',
      src: 'a.njk',
      dest: '/etc/a.conf',
      keys: [],
      prefix: '',
      mode: undefined,
      uid: undefined,
      gid: undefined,
      check: undefined,
      reload: undefined,
      renderTimeoutMs: 10_000,
      backup: false,
      wait: { minMs: 100, maxMs: 2000 },
    },
  })
})

test('every field of confd is read', () => {
  const all = resourceOf(`
keys = ["/services/web", "upstream/"]
prefix = "production/"
mode = "0640"
uid = 33
gid = 34
check_cmd = "nginx -t -c {{.src}}"
check_cmd_timeout = "5s"
reload_cmd = ["nginx", "-s", "reload"]
backup = true
wait = "50ms:1s"
`)
  expect(all).toMatchObject({
    keys: ['/production/services/web', '/production/upstream'],
    prefix: '/production',
    mode: 0o640,
    uid: 33,
    gid: 34,
    check: { command: 'nginx -t -c {{.src}}', timeoutMs: 5000 },
    reload: { command: ['nginx', '-s', 'reload'], timeoutMs: 60_000 },
    backup: true,
    wait: { minMs: 50, maxMs: 1000 },
  })
})

test('keys are absolute without a prefix, and / is all of the store', () => {
  expect(resourceOf('keys = ["/a", "b/c/", "/"]').keys).toEqual(['/a', '/b/c', '/'])
  expect(resourceOf('keys = ["/"]\nprefix = "/p"').keys).toEqual(['/p'])
})

for (const [text, mode] of [
  ['0644', 0o644],
  ['0o600', 0o600],
  ['0x1a4', 0o644],
  ['644', 0o1204],
  ['0', 0],
  ['abc', undefined],
  ['0888', undefined],
  ['99999', undefined],
] as const) {
  test(`the mode ${text} is ${mode?.toString(8) ?? 'refused'}`, () => {
    expect(parseMode(text)).toBe(mode)
  })
}

test('a decimal mode works as in confd, with a warning that says what it really is', () => {
  const { resource, warnings } = parseResource('a.toml', `${minimal}mode = "644"`)
  expect(resource.mode).toBe(0o1204)
  expect(warnings).toMatchObject([
    { severity: 'warning', what: expect.stringContaining('1204'), remedy: 'write "0644"' },
  ])
})

test('an unknown field is a warning, and the rest works', () => {
  const { warnings } = parseResource('a.toml', `${minimal}owner = "www"`)
  expect(warnings).toMatchObject([{ what: 'owner is not a field that we know; it is ignored' }])
})

for (const [what, source, message] of [
  ['broken TOML', '[template', /^a\.toml is not TOML \(.+\); fix its syntax/],
  ['no section', 'src = "a"', /^a\.toml has no \[template\] section; begin it with that line$/],
  ['no dest', '[template]\nsrc = "a"', /^a\.toml: dest is missing: write the path/],
  ['an empty src', '[template]\nsrc = ""\ndest = "/a"', /src is "": write the file name/],
  ['a relative dest', '[template]\nsrc = "a"\ndest = "b"', /dest is "b": write an absolute path/],
  ['a key that is no text', `${minimal}keys = ["/a", 5]`, /keys\.1 is 5: write keys in quotes/],
  ['keys that are no list', `${minimal}keys = "/a"`, /keys is "\/a": write a list of keys/],
  ['a mode without quotes', `${minimal}mode = 644`, /mode is 644: write the mode in quotes/],
  ['a bad mode', `${minimal}mode = "rw"`, /mode is "rw": write an octal number/],
  ['a user name', `${minimal}uid = "www"`, /uid is "www": write the user's id/],
  [
    'a command of no words',
    `${minimal}reload_cmd = []`,
    /reload_cmd is \[\]: write a shell command/,
  ],
  ['a number as time', `${minimal}check_cmd_timeout = 5`, /check_cmd_timeout is 5: write a time/],
  ['a time without unit', `${minimal}reload_cmd_timeout = "5"`, /is "5": write a time with a unit/],
  [
    'max before min',
    `${minimal}wait = "2s:1s"`,
    /wait is "2s:1s": write "min:max" with min <= max/,
  ],
] as const) {
  test(`${what} is refused with file, field, value and remedy`, () => {
    expect(() => parseResource('a.toml', source)).toThrow(message)
  })
}
