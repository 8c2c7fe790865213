import { expect, test } from 'vitest'

import { convertTemplate } from '../../src/confd/convert/convert.ts'
import { templateFunctions } from '../../src/confd/functions/functions.ts'
import { kvFunctions } from '../../src/confd/kv.ts'
import { noKeys } from '../../src/confd/reads.ts'
import { createTemplates } from '../../src/confd/template.ts'
import { tempFolder } from './scene.ts'

const pairs = new Map([
  ['/web/a', '10.0.0.1:80'],
  ['/web/b', '10.0.0.2:80'],
  ['/name', 'shop'],
  ['/json', '{"host": "h", "ports": {"x": 1, "y": 2}}'],
])

async function run(go: string): Promise<string> {
  const { text, notes } = convertTemplate(go)
  expect(notes).toEqual([])
  const folder = await tempFolder()
  await folder.write('a', text)
  await folder.write('other.njk', 'other')
  const globals = { ...templateFunctions, ...kvFunctions(pairs, noKeys()) }
  return createTemplates(folder.root).render('a', globals, new Map())
}

for (const [go, nunjucks, result] of [
  ['{{getv "/name"}}', '{{ getv("/name") }}', 'shop'],
  ['{{ getv "/no" `d"` }}', '{{ getv("/no", "d\\"") }}', 'd"'],
  ['a  {{- /* note */ -}}  b', 'a  {#- note -#}  b', 'ab'],
  [
    '{{range gets "/web/*"}}{{base .Key}}={{.Value}};{{end}}',
    '{% for item in gets("/web/*") %}{{ base(item.Key) }}={{ item.Value }};{% endfor %}',
    'a=10.0.0.1:80;b=10.0.0.2:80;',
  ],
  [
    '{{range $i, $v := getvs "/web/*"}}{{$i}}:{{$v}} {{end}}',
    '{% for v in getvs("/web/*") %}{% set i = loop.index0 %}{{ i }}:{{ v }} {% endfor %}',
    '0:10.0.0.1:80 1:10.0.0.2:80 ',
  ],
  ['{{range gets "/no/*"}}x{{else}}none{{end}}', undefined, 'none'],
  [
    '{{if exists "/name"}}y{{else if exists "/x"}}z{{else}}n{{end}}',
    '{% if exists("/name") %}y{% elif exists("/x") %}z{% else %}n{% endif %}',
    'y',
  ],
  [
    '{{if gets "/no/*"}}y{{else}}n{{end}}',
    '{% if not empty(gets("/no/*")) %}y{% else %}n{% endif %}',
    'n',
  ],
  ['{{if and (eq (getv "/name") "shop" "x") (not (exists "/no"))}}y{{end}}', undefined, 'y'],
  ['{{if or (eq 1 2) (gt 3 2)}}y{{end}}', '{% if ((1 == 2) or (3 > 2)) %}y{% endif %}', 'y'],
  [
    '{{$x := json (getv "/json")}}{{$x.host}}{{range $k, $v := $x.ports}} {{$k}}{{$v}}{{end}}',
    undefined,
    'h x1 y2',
  ],
  [
    '{{with getv "/name"}}<{{.}}>{{else}}none{{end}}',
    '{% set it = getv("/name") %}{% if not empty(it) %}<{{ it }}>{% else %}none{% endif %}',
    '<shop>',
  ],
  ['{{with $a := json (getv "/json")}}{{$a.host}}{{.host}}{{end}}', undefined, 'hh'],
  [
    '{{getv "/name" | toUpper | printf "%s-%s" "a"}}',
    '{{ printf("%s-%s", "a", toUpper(getv("/name"))) }}',
    'a-SHOP',
  ],
  ['{{(json (getv "/json")).host}}', '{{ (json((getv("/json")))).host }}', 'h'],
  ['{{index (json (getv "/json")) "host"}}', '{{ index((json((getv("/json")))), "host") }}', 'h'],
  [
    '{{define "t"}}[{{.Key}}]{{end}}{{range gets "/web/*"}}{{template "t" .}}{{end}}',
    '{% macro t(dot) %}[{{ dot.Key }}]{% endmacro %}{% for item in gets("/web/*") %}{{ t(item) }}{% endfor %}',
    '[/web/a][/web/b]',
  ],
  ['{{template "other.njk"}}', '{% include "other.njk" %}', 'other'],
  [
    '{{$base := getv "/name"}}{{base "/x/y"}}{{$base}}',
    '{% set base_ = getv("/name") %}{{ base("/x/y") }}{{ base_ }}',
    'yshop',
  ],
  [
    '{{range gets "/web/*"}}{{$k := .Key}}{{range split .Value ":"}}{{$k}}{{.}} {{end}}{{end}}',
    undefined,
    '/web/a10.0.0.1 /web/a80 /web/b10.0.0.2 /web/b80 ',
  ],
  ['text {% and {# stay', 'text {{ "{%" }} and {{ "{#" }} stay', 'text {% and {# stay'],
] as const) {
  test(`${go} is turned and means the same`, async () => {
    const { text } = convertTemplate(go)
    if (nunjucks !== undefined) expect(text).toBe(nunjucks)
    if (result !== undefined) expect(await run(go)).toBe(result)
  })
}

for (const [go, note] of [
  ['a\n{{.Name}}', 'line 2: .Name is not there: templates have services, instances and keys'],
  ['{{.}}', 'line 1: . is nothing here: no range or with is around it'],
  ['{{cget "x"}}', 'line 1: the function cget is not there'],
  ['{{range gets "/*"}}{{break}}{{end}}', 'line 1: {{break}} has no form in nunjucks'],
  ['{{if exists "/a"}}', 'line 1: 1 {{end}} are missing at the end'],
  ['{{getv "/a" ; }}', 'line 1: {{getv "/a" ;}} has no form in nunjucks'],
  ['{{$.x}}', 'line 1: $ alone'],
  ['{{(getv "/a"}}', 'line 1: a bracket is not closed'],
] as const) {
  test(`${go} is named as not to be turned`, () => {
    expect(convertTemplate(go).notes.join('\n')).toContain(note)
  })
}
