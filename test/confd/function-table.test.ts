import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'

import { expect, test } from 'vitest'

import { templateFunctions } from '../../src/confd/functions/functions.ts'
import { kvFunctions } from '../../src/confd/kv.ts'
import { nameFunctions } from '../../src/confd/names.ts'
import { noKeys } from '../../src/confd/reads.ts'
import { createTemplates } from '../../src/confd/template.ts'
import { compare } from '../../src/core/catalog.ts'
import { tempFolder } from './scene.ts'

const things = [
  { name: 'b', port: 2, labels: { 'a.b': 'x', hosts: 'h1,h2' }, tags: ['t'] },
  { name: 'a', port: 1, labels: { hosts: 'h2' }, tags: ['t', 'u'] },
  { name: 'c', port: 3, labels: {}, tags: [] },
]

async function render(source: string): Promise<string> {
  const folder = await tempFolder()
  await folder.write('a', source)
  const globals = { ...templateFunctions, things, text: 'two\nlines', nothing: null }
  return createTemplates(folder.root).render('a', globals, new Map())
}

const names = (list: string) => `pluck(${list}, "name") | toJson`
const cases: readonly (readonly [expression: string, result: string])[] = [
  ['base("/a/b.c")', 'b.c'],
  ['dir("/a/b")', '/a'],
  ['split("a,b", ",") | toJson', '["a","b"]'],
  ['splitN("a,b,c", ",", 2) | toJson', '["a","b,c"]'],
  ['join(["a", 1], "-")', 'a-1'],
  ['replace("aaa", "a", "b", 2)', 'bba'],
  ['toUpper("a")', 'A'],
  ['"A" | toLower', 'a'],
  ['contains("abc", "b")', 'true'],
  ['contains({"k": 1}, "k")', 'true'],
  ['"web.conf" | hasPrefix("web")', 'true'],
  ['hasSuffix("web.conf", ".conf")', 'true'],
  ['"web.conf" | trimSuffix(".conf")', 'web'],
  ['trimPrefix("/a", "/")', 'a'],
  ['trimSpace(" a ")', 'a'],
  ['nospace("a b c")', 'abc'],
  ['snakecase("FirstName")', 'first_name'],
  ['kebabcase("firstName x")', 'first-name-x'],
  ['camelcase("http_server")', 'HttpServer'],
  ['json(\'{"a": 1}\').a', '1'],
  ['jsonArray("[1,2]")[1]', '2'],
  ['fromJson("[3]")[0]', '3'],
  ['parseJson("4")', '4'],
  ['toJson({"a": [1]})', '{"a":[1]}'],
  ['toPrettyJson([1])', '[\n  1\n]'],
  ['fromYaml("a: [1, 2]").a[1]', '2'],
  ['toYaml({"a": [1]})', 'a:\n  - 1'],
  ['atoi("7") + 1', '8'],
  ['parseBool("T")', 'true'],
  ['add("1", 2)', '3'],
  ['sub(5, 2)', '3'],
  ['mul(5, 2)', '10'],
  ['div(7, 2)', '3'],
  ['mod(7, 4)', '3'],
  ['seq(1, 3) | toJson', '[1,2,3]'],
  ['range(1, 6, 2) | toJson', '[1,3,5]'],
  ['map("a", 1).a', '1'],
  ['dict("a", 1, "b", 2) | toJson', '{"a":1,"b":2}'],
  ['list(1, "b") | toJson', '[1,"b"]'],
  ['append([1], 2) | toJson', '[1,2]'],
  ['keys({"b": 1, "a": 2}) | toJson', '["a","b"]'],
  ['values({"b": 1, "a": 2}) | toJson', '[2,1]'],
  ['hasKey({"a": 1}, "a")', 'true'],
  ['hasKey({}, "constructor")', 'false'],
  ['reverse([1, 2]) | toJson', '[2,1]'],
  ['sortByLength(["aaa", "b"]) | toJson', '["b","aaa"]'],
  ['sortKVByLength([{"Key": "/aa"}, {"Key": "/b"}])[0].Key', '/b'],
  ['sortStringsAsc(["b", "a"]) | toJson', '["a","b"]'],
  ['sortStringsDesc(["a", "b"]) | toJson', '["b","a"]'],
  ['flatten([[1, 2], [], [[3], 4]]) | toJson', '[1,2,[3],4]'],
  ['intersect([1, 2], [2, 3]) | toJson', '[2]'],
  ['closest(["example.com", "a.example.com"], "x.a.example.com")', 'a.example.com'],
  ['len("abc")', '3'],
  ['len({"a": 1})', '1'],
  ['index({"a": [5]}, "a", 0)', '5'],
  ['coalesce("", nothing, "x")', 'x'],
  ['ternary("y", "n", true)', 'y'],
  ['when(false, "y", "n")', 'n'],
  ['empty([])', 'true'],
  [names('where(things, "port", 2)'), '["b"]'],
  [names('where(things, "labels.a.b", "x")'), '["b"]'],
  [names('whereNot(things, "port", 2)'), '["a","c"]'],
  [names('whereExist(things, "labels.hosts")'), '["b","a"]'],
  [names('whereNotExist(things, "labels.hosts")'), '["c"]'],
  [names('whereAny(things, "labels.hosts", ",", ["h1", "x"])'), '["b"]'],
  [names('whereAll(things, "tags", ",", ["t", "u"])'), '["a"]'],
  ['groupBy(things, "name") | keys | toJson', '["a","b","c"]'],
  ['{% for k, v in groupBy(things, "port") %}{{ k }}{{ v[0].name }} {% endfor %}', '1a 2b 3c '],
  ['groupByWithDefault(things, "labels.a.b", "-") | keys | toJson', '["-","x"]'],
  ['groupByMulti(things, "labels.hosts", ",").h2 | len', '2'],
  ['groupByKeys(things, "labels.hosts") | toJson', '["h1,h2","h2"]'],
  [names('sortObjectsByKeysAsc(things, "name")'), '["a","b","c"]'],
  [names('sortObjectsByKeysDesc(things, "port")'), '["c","b","a"]'],
  ['pluck(things, "labels.a.b") | toJson', '["x"]'],
  ['base64Encode("ä")', 'w6Q='],
  ['"w6Q=" | base64Decode', 'ä'],
  ['sha1("a")', '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8'],
  ['sha256sum("a") | len', '64'],
  ['queryEscape("a b&c")', 'a+b%26c'],
  ["quote('a\"b')", '"a\\"b"'],
  ['squote("a")', "'a'"],
  ['jsonQuote(text)', '"two\\nlines"'],
  ['yamlQuote("a: \u0085#")', '"a: \\u0085#"'],
  ['tomlQuote("a\u007f")', '"a\\u007f"'],
  ["nginxQuote('a;\"}\\\\')", '"a;\\"}\\\\"'],
  ['haproxyQuote("it\'s $x")', `'it'"'"'s $x'`],
  ["iniQuote('a\"')", '"a\\""'],
  ['shellQuote("it\'s; $(x)")', `'it'\\''s; $(x)'`],
  ['default("d", "")', 'd'],
  ['repeat(3, "ab")', 'ababab'],
  ['indent(2, text)', '  two\n  lines'],
  ['text | nindent(1)', '\n two\n lines'],
  ['text | comment("# ")', '# two\n# lines'],
  ['regexMatch("^a+$", "aaa")', 'true'],
  ['"ABC" | regexFind("(?i)b.")', 'BC'],
  ['regexReplaceAll("(a)b", "abab", "${1}-")', 'a-a-'],
  ['mustBeOneOf(["a"], "a")', 'a'],
  ['mustBeInt("12")', '12'],
  ['mustBeIntInRange(1, 3, 2)', '2'],
  ['getenv("PORTOLAN_NOT_SET", "d")', 'd'],
  ['datetime() | len', '24'],
  ['hostname()', hostname()],
  ['fileExists("/etc/passwd")', 'true'],
  ['lookupIfaceIPV4("lo")', '127.0.0.1'],
  [
    'printf("%s-%02d|%-3s|%q|%x|%.1f|%5d|%%", "a", 7, "b", "c", 255, 1.25, 42)',
    'a-07|b  |"c"|ff|1.3|   42|%',
  ],
  ['assert(true, "x")', ''],
  ['min_instances({"id": "web", "instances": [1, 2]}, 2).id', 'web'],
]

for (const [expression, result] of cases) {
  test(`${expression} is ${JSON.stringify(result)}`, async () => {
    expect(await render(expression.startsWith('{%') ? expression : `{{ ${expression} }}`)).toBe(
      result,
    )
  })
}

for (const [expression, message] of [
  ['json("{")', 'json() got "{", which is not JSON'],
  ['fromYaml("a: [")', 'which is not YAML'],
  ['atoi("x")', '"x" is not a whole number'],
  ['parseBool("yes")', '"yes" is neither true nor false'],
  ['div(1, 0)', 'division by 0'],
  ['seq(1, 9000000)', '9000000 numbers are too many; at most 1000000'],
  ['range(1000000000)', '1000000000 numbers are too many'],
  ['repeat(1000000000, "x")', 'makes too long a text'],
  ['dict("a")', '"a" has no value; give pairs'],
  ['regexMatch("(", "x")', '"(" is not a regular expression'],
  ['mustBeOneOf(["a"], "b")', '"b" is none of ["a"]'],
  ['mustBeInt("x")', '"x" is not a whole number'],
  ['mustBeIntInRange(1, 3, 4)', '4 is not a whole number from 1 to 3'],
  ['nginxQuote("$x")', 'nginx has no way to quote $'],
  ['nginxQuote(text)', "a control character, which can't be quoted there"],
  ['haproxyQuote(text)', 'haproxyQuote() got "two\\nlines": a control character'],
  ['iniQuote(text)', 'a control character'],
  ['lookupIfaceIPV6("nope0")', 'there is no IPv6 address on "nope0"'],
  ['printf("%s")', 'printf: there is no value for %s'],
  ['printf("%y", 1)', 'printf: %y is not known here'],
  ['printf("%d", "x")', 'printf: "x" is not a number'],
  ['assert(things.length > 9, "too few")', 'assert: too few'],
  ['min_instances({"id": "web", "instances": []}, 1)', 'min_instances: 0 of web, but at least 1'],
] as const) {
  test(`${expression} is an error that names the line`, async () => {
    const failing = render(`\n{{ ${expression} }}`)
    await expect(failing).rejects.toThrow(/^template a, line 2: /)
    await expect(failing).rejects.toThrow(message)
  })
}

test('every function stands in a table here and in the page for users', async () => {
  const used = cases.map(([expression]) => expression).join('\n')
  const all = Object.keys(templateFunctions)
  const word = (name: string) => new RegExp(`(^|\\W)${name}\\W|\\| ${name}\\b`)
  expect(all.filter((name) => !word(name).test(used) && name !== 'lookupIfaceIPV6')).toEqual([])
  const page = await readFile('docs/confd.md', 'utf8')
  const [, table = ''] = page.split('<!-- functions -->')
  const columns = [...table.matchAll(/^\| (.*?) \|/gm)].map(([, first = '']) => first).join()
  const told = [...columns.matchAll(/`(\w+)[(`]/g)].map(([, name = '']) => name)
  const byKey = kvFunctions(new Map(), noKeys())
  const byName = nameFunctions(new Map(), new Set())
  const given = [...Object.keys(byKey), ...Object.keys(byName)]
  const known = [...all, ...given, 'service', 'services']
  const catalog = ['instances', 'nodes']
  expect(told.toSorted(compare)).toEqual([...known, ...catalog].toSorted(compare))
})
