import { utimes } from 'node:fs/promises'

import { expect, test } from 'vitest'

import { createTemplates } from '../../src/confd/template.ts'
import { tempFolder } from './scene.ts'

async function rendering(files: Readonly<Record<string, string>>, globals: object = {}) {
  const folder = await tempFolder()
  for (const [name, source] of Object.entries(files)) await folder.write(name, source)
  const templates = createTemplates(folder.root)
  const read = new Map<string, string>()
  return { folder, read, render: (name = 'a') => templates.render(name, globals, read) }
}

async function rendered(source: string, globals: object = {}) {
  const { render } = await rendering({ a: source }, globals)
  return render()
}

test('text is not escaped, and a value with a newline stays one value', async () => {
  expect(await rendered('{{ x }}', { x: '"<&>\'\n}' })).toBe('"<&>\'\n}')
})

test('includes, imports and macros come from the templates folder and see the functions', async () => {
  const { render, read, folder } = await rendering(
    {
      a: '{% include "parts/b" %}{% from "parts/c" import up %}{{ up("x") }}',
      'parts/b': '{% include "./d" %}',
      'parts/c': '{% macro up(key) %}<{{ getv(key) }}>{% endmacro %}',
      'parts/d': 'd-{{ getv("y") }} ',
    },
    { getv: (key: string) => key.toUpperCase() },
  )
  expect(render()).toBe('d-Y <X>')
  expect([...read.keys()].toSorted()).toEqual(
    ['a', 'parts/b', 'parts/c', 'parts/d'].map((name) => folder.at(name)),
  )
})

test('a template may extend another one', async () => {
  const { render } = await rendering({
    a: '{% extends "base" %}{% block body %}[{{ super() }}]{% endblock %}',
    base: 'head {% block body %}{{ "x".constructor is defined }}{% endblock %}',
  })
  expect(render()).toBe('head [false]')
})

test('a fault in a block names the file in which the block stands', async () => {
  const { render } = await rendering({
    a: '{% extends "base" %}\n{% block body %}\n{{ x }}{% endblock %}',
    base: '{% block body %}{% endblock %}',
  })
  expect(() => render()).toThrow(/^template a, line 3: /)
})

test('a template that is not there is an error', async () => {
  const { render, read, folder } = await rendering({})
  expect(() => render('none')).toThrow(/^template none: template not found: none; put it into/)
  expect(read.get(folder.at('none'))).toBe('missing')
})

test('a getter is only called when a template looks it up', async () => {
  let calls = 0
  const globals = {
    get services() {
      calls++
      return ['a', 'b']
    },
  }
  expect(await rendered('nothing', globals)).toBe('nothing')
  expect(calls).toBe(0)
  expect(await rendered('{{ services.length }}', globals)).toBe('2')
})

test('a changed template is read again, an unchanged one is not compiled again', async () => {
  const { folder, render } = await rendering({ a: 'one' })
  expect(render()).toBe('one')
  await folder.write('a', 'two')
  await utimes(folder.at('a'), 1, 1)
  expect(render()).toBe('two')
})

for (const [what, source, message] of [
  [
    'an undefined name',
    'a\n{{ nobody }}',
    /^template a, line 2: a value is undefined .*"\{\{ nobody/,
  ],
  ['an undefined member', '\n\n{{ x.y.z }}', /^template a, line 3: .*default/],
  [
    'a loop over nothing',
    '\n{% for i in x.list %}{{ i }}{% endfor %}',
    /line 2: the loop has nothing/,
  ],
  ['a function that throws', 'a\nb {{ boom() }}', /^template a, line 2: it went wrong$/],
  ['an unknown function', '{{ nope("x") }}', /^template a, line 1: Unable to call `nope`/],
  ['bad syntax', 'a\n{% for %}', /^template a, line 2: unexpected token: %\}; fix the syntax/],
  ['an unknown filter', '\n{{ x | nope }}', /^template a.*filter not found: nope/],
  ['a fault in an include', '{% include "b" %}', /^template b, line 2: .*undefined/],
  [
    'a missing include',
    '{% include "none" %}',
    /^template a, line 1: template not found: none; put it into/,
  ],
  [
    'an include from outside',
    '{% include "../secret" %}',
    /"\.\.\/secret" lies outside of .*; move it/,
  ],
] as const) {
  test(`${what} is an error that names file and line`, async () => {
    const globals = {
      x: {},
      boom() {
        throw new Error('it went wrong')
      },
    }
    const { render } = await rendering({ a: source, b: 'x\n{{ y }}' }, globals)
    expect(() => render()).toThrow(message)
  })
}

for (const [source, message] of [
  [
    'a\n{{ nope(',
    ', line 2: "{{ nope(" is not closed; close its brackets and quotation marks, and end it with }}',
  ],
  ['\n{{ x | ', ', line 2: "{{ x |" is not closed; close'],
  ['{{ "}}" }}\n{{ x.', ', line 2: "{{ x." is not closed; close'],
  ['\n{{ "x }}\n{% if x %}', ', line 2: "{{ \\"x }}" is not closed; close'],
  ['\n\n{% from "b" import\n', ', line 3: "{% from \\"b\\" import" is not closed; close its'],
  ['{# x #}{# {{ x }}', ', line 1: "{# {{ x }}" is not closed; end it with #}'],
  ['{% raw %}{{{% endraw %}\n{{ x', ', line 2: "{{ x" is not closed; close'],
  ['\n{% raw %}{{ x', ', line 2: {% raw %} has no {% endraw %}; write one'],
  [
    '\n{%- if x -%}\n{% for a in b %}{% endfor %}',
    ', line 2: {%- if x -%} has no {% endif %}; write one',
  ],
  [
    '{% if x %}\n{% for a in b %}{% if a %}{% endif %}',
    ', line 2: {% for a in b %} has no {% endfor %}; write one',
  ],
  ['{% set x = 1 %}\n{% set y %}', ', line 2: {% set y %} has no {% endset %}; write one'],
  ['{% switch x %}{% case 1 %}', ', line 1: {% switch x %} has no {% endswitch %}; write one'],
  ['#}', ': unexpected end of comment; fix the syntax'],
  ['\n{{ boom() }}', ', line 2: it is of another type'],
] as const) {
  test(`what is wrong with ${JSON.stringify(source)} is said in words of templates`, async () => {
    const globals = {
      boom() {
        throw new TypeError('it is of another type')
      },
    }
    await expect(rendered(source, globals)).rejects.toThrow(`template a${message}`)
  })
}

test('defaults, checks and raw text work as in plain nunjucks', async () => {
  const source =
    '{% for i in x.list | default([1]) %}{{ i }}{% endfor %}{% if x.y %}!{% endif %}' +
    '{{ x.y | default("z") }}{% raw %}{% for a in b %}{{ .Key }}{% endraw %}' +
    '{% for i in [] %}{% else %} none{% endfor %}{# {{range}} #}{% include "none" ignore missing %}'
  expect(await rendered(source, { x: {} })).toBe('1z{% for a in b %}{{ .Key }} none')
})

for (const expression of [
  '"".constructor.constructor("return 7")()',
  'x["con" + "structor"]',
  'x.__proto__',
  'f.call',
  'f.prototype',
  'constructor',
  'toString.constructor',
  'range.constructor("return 7")()',
  'x.__lookupGetter__("__proto__")',
  'x[["constructor"]]',
  '([1] | first).constructor',
]) {
  test(`the way to prototypes by ${expression} is closed`, async () => {
    const globals = { x: { a: 1 }, f: () => 1 }
    await expect(rendered(`{{ ${expression} }}`, globals)).rejects.toThrow(/^template a, line 1/)
  })
}

for (const [go, nunjucks] of [
  ['{{range gets "/web/*"}}', '{% for kv in gets("/web/*") %}'],
  ['{{- range .Items -}}', '{% for kv in'],
  ['{{end}}', '{% endfor %} or {% endif %}'],
  ['{{ if exists "/a" }}', '{% if exists("/key") %}'],
  ['{{else}}', '{% else %}'],
  ['{{getv "/a"}}', '{{ getv("/key") }}'],
  ['{{ getv `/a` }}', '{{ getv("/key") }}'],
  ['{{toUpper .Value}}', 'arguments in brackets'],
  ['{{.Key}}', '{{ kv.Key }}'],
  ['{{ $x := json .Value }}', '{% set x ='],
  ['{{$x}}', '{{ x }}'],
  ['{{/* note */}}', '{# a comment #}'],
  ['{{template "a" .}}', '{% include'],
] as const) {
  test(`Go's ${go} is refused with the nunjucks form`, async () => {
    const failing = rendered(`first\n${go}`)
    await expect(failing).rejects.toThrow(/^template a, line 2: .* is Go's syntax/)
    await expect(failing).rejects.toThrow(nunjucks)
  })
}

test('what only looks like Go is left alone', async () => {
  const globals = { getv: (key: string) => key, ending: 'e', ifs: 'i', range_of: 'r' }
  const source = '{{ getv("/a") }}{{ ending }}{{ ifs }}{{ range_of }}{{ getv ("/b") }}'
  expect(await rendered(source, globals)).toBe('/aeir/b')
})
