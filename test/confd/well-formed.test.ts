import { expect, test } from 'vitest'

import { checkFormat } from '../../src/confd/well-formed.ts'

for (const [format, good, bad, why] of [
  ['json', '{"a": [1, "x"]}', '{"a": [1,]}', /is not json \(/],
  ['toml', 'a = 1\n[b]\nc = "x"', 'a = ', /is not toml \(/],
  ['yaml', 'a:\n  - 1\n---\nb: "x"', 'a: [1, 2', /is not yaml \(/],
  ['yaml', '', 'a: 1\n b: 2\n', /is not yaml \(/],
  ['ini', '; c\n[a]\nb = c\nflag\n# d\n', '[a]\nb = c\n[d\n', /line 3: "\[d"/],
  ['ini', 'a=b', '=b', /line 1: "=b"/],
  [
    'xml',
    '<?xml version="1.0"?><a b="1"><!-- < --><c/>x &amp; &#10;</a>',
    '<a><b></a>',
    /<\/a> closes <b>/,
  ],
  ['xml', '<a>\n<![CDATA[<]]></a>', '<a>\n<</a>', /line 2: a bare </],
  ['xml', '<!DOCTYPE a><a/>', '<a>x & y</a>', /a bare &/],
  ['xml', '<a></a>', '<a>', /<a> is not closed/],
  ['xml', '<a:b c.d="e"/>', '<a/><b/>', /a second root, <b>/],
  ['xml', '<a/>', 'text', /it has no element/],
] as const) {
  test(`${format}: ${JSON.stringify(good)} is right, ${JSON.stringify(bad)} is not`, () => {
    checkFormat(good, format)
    expect(() => checkFormat(bad, format)).toThrow(why)
    expect(() => checkFormat(bad, format)).toThrow('correct the template, or leave output_format')
  })
}
