import { expect, test } from 'vitest'

import { parseMode } from '../../src/confd/mode.ts'
import { parseResources } from '../../src/confd/resource.ts'
import { parseResource } from './scene.ts'

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
      group: { name: 'a.toml [null,null,null]', members: 1, minMs: 0 },
      renderTimeoutMs: 10_000,
      format: undefined,
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
output_format = "yml"
min_reload_interval = "5s"
wait = "50ms:1s"
`)
  expect(all).toMatchObject({
    keys: ['/production/services/web', '/production/upstream'],
    prefix: '/production',
    mode: 0o640,
    uid: 33,
    gid: 34,
    check: { command: 'nginx -t -c {{.src}}', timeoutMs: 5000 },
    reload: { kind: 'command', command: ['nginx', '-s', 'reload'], timeoutMs: 60_000 },
    format: 'yaml',
    group: { minMs: 5000 },
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
  const { warnings } = parseResource('a.toml', `${minimal}onwer = "www"`)
  expect(warnings).toMatchObject([{ what: 'onwer is not a field that we know; it is ignored' }])
})

for (const [what, source, message] of [
  ['broken TOML', '[template', /^a\.toml is not TOML \(.+\); fix its syntax/],
  ['no section', 'src = "a"', /^a\.toml has no \[template\] section; begin it with that line$/],
  ['no dest', '[template]\nsrc = "a"', /^a\.toml: dest is missing: write the path/],
  ['an empty src', '[template]\nsrc = ""\ndest = "/a"', /src is "": write the file name/],
  ['a relative dest', '[template]\nsrc = "a"\ndest = "b"', /dest is "b": write an absolute path/],
  ['a key that is no text', `${minimal}keys = ["/a", 5]`, /keys\.1 is 5: write keys in quotes/],
  ['keys that are no list', `${minimal}keys = "/a"`, /keys is "\/a": write a list of keys/],
  ['a mode with a fraction', `${minimal}mode = 6.4`, /mode is 6.4: write an octal number/],
  ['a bad mode', `${minimal}mode = "rw"`, /mode is "rw": write an octal number/],
  ['a negative user', `${minimal}uid = -1`, /uid is -1: write a user as name or number/],
  ['a format of no name', `${minimal}output_format = "csv"`, /is "csv": write one of json, toml/],
  ['a signal alone', `${minimal}signal = "HUP"`, /signal and restart need a container: name one/],
  ['a signal in words', `${minimal}container = "a"\nsignal = "hang up"`, /the name of a signal/],
  [
    'a restart and a signal',
    `${minimal}container = "a"\nsignal = "HUP"\nrestart = true`,
    /signal and restart: leave one/,
  ],
  [
    'a command and a container',
    `${minimal}container = "a"\nreload_cmd = "x"`,
    /reload_cmd and container: leave one/,
  ],
  ['owner and uid', `${minimal}owner = "a"\nuid = 3`, /owner and uid mean the same/],
  ['group and gid', `${minimal}group = "a"\ngid = 3`, /group and gid mean the same/],
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
  [
    'a dest of no item',
    `${minimal}for_each = "services"`,
    /dest is "\/etc\/a.conf", the same for all items: name the item in it/,
  ],
  [
    'items without a list',
    '[template]\nsrc = "a"\ndest = "/b/{{ item.name }}"',
    /there are no items: write for_each, too/,
  ],
  [
    'a folder from an item',
    '[template]\nsrc = "a"\nfor_each = "services"\ndest = "/b/{{ item.name }}/c"',
    /only the name of the file may come from an item/,
  ],
  [
    'a reload of one file of many',
    '[template]\nsrc = "a"\nfor_each = "services"\ndest = "/b/{{ item }}"\nreload_cmd = "x {{dest}}"',
    /reload_cmd runs once for all files of for_each/,
  ],
] as const) {
  test(`${what} is refused with file, field, value and remedy`, () => {
    expect(() => parseResource('a.toml', source)).toThrow(message)
  })
}

for (const [text, mode, warns] of [
  ['0o644', 0o644, false],
  ['0o600', 0o600, false],
  ['"0o644"', 0o644, false],
  ['644', 0o1204, true],
  ['600', 0o1130, true],
] as const) {
  test(`mode = ${text} is ${mode.toString(8)}${warns ? ', with a warning' : ''}`, () => {
    const { resource, warnings } = parseResource('a.toml', `${minimal}mode = ${text}`)
    expect([resource.mode, warnings.length > 0]).toEqual([mode, warns])
  })
}

test('owner and group may be names, and a container may be signalled or restarted', () => {
  expect(resourceOf('owner = "www-data"\ngroup = 33\ncontainer = "web"')).toMatchObject({
    uid: 'www-data',
    gid: 33,
    reload: { kind: 'container', container: 'web', action: 'HUP' },
  })
  expect(resourceOf('container = "label:a=b"\nrestart = true').reload).toMatchObject({
    container: 'label:a=b',
    action: 'restart',
  })
})

test('several templates of one file share what stands above them, and one bad one harms no other', () => {
  const parsed = parseResources(
    'a.toml',
    `reload_cmd = "true"
[[template]]
src = "a"
dest = "/a"
[[template]]
src = "b"
dest = "b"
[[template]]
src = "c"
dest = "/c"
reload_cmd = "reload {{dest}}"
[[template]]
src = "d"
dest = "/d"
`,
  )
  const group = { name: 'a.toml ["true",null,null]', members: 4 }
  expect(parsed).toMatchObject([
    { resource: { name: 'a.toml', dest: '/a', group, reload: { command: 'true' } } },
    { fault: { message: expect.stringMatching(/^a.toml#2: dest is "b": write an absolute path/) } },
    { resource: { name: 'a.toml#3', dest: '/c', group: { name: 'a.toml#3', members: 1 } } },
    { resource: { name: 'a.toml#4', dest: '/d', group } },
  ])
})
