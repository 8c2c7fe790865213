import { expect, test } from 'vitest'

import { callsOf, type Rule } from '../../../src/core/rule/ast.ts'
import { parseRule } from '../../../src/core/rule/parse.ts'

/** A rule with all its parentheses. */
function shown(rule: Rule): string {
  switch (rule.kind) {
    case 'call':
      return `${rule.call.name}(${rule.call.args.join(',')})`
    case 'not':
      return `!${shown(rule.rule)}`
    case 'and':
    case 'or':
      return `(${rule.rules.map(shown).join(rule.kind === 'and' ? ' & ' : ' | ')})`
  }
}

for (const [text, tree] of [
  ['Host(`a`)', 'Host(a)'],
  ['  Host ( "a" )\n', 'Host(a)'],
  ['host(`a`)', 'Host(a)'],
  ['HOST(`a`)', 'Host(a)'],
  ['Pathprefix(`/a`)', 'PathPrefix(/a)'],
  ['Host(`A.Example.COM.`)', 'Host(a.example.com)'],
  ['Host(`bücher.example`)', 'Host(xn--bcher-kva.example)'],
  ['Host(`a`, `b`)', 'Host(a,b)'],
  ['Host(`a`) || Host(`b`) && Path(`/c`)', '(Host(a) | (Host(b) & Path(/c)))'],
  ['(Host(`a`) || Host(`b`)) && Path(`/c`)', '((Host(a) | Host(b)) & Path(/c))'],
  ['!Host(`a`) && Path(`/c`)', '(!Host(a) & Path(/c))'],
  ['!(Host(`a`) || Path(`/c`))', '!(Host(a) | Path(/c))'],
  ['!!Host(`a`)', '!!Host(a)'],
  ['Path("/\\x41\\u00e9\\101\\"")', 'Path(/A%C3%A9A")'],
  ['Header(`X-A`, `b`)', 'Header(X-A,b)'],
  ['ClientIP(`10.0.0.0/8`, `::1`)', 'ClientIP(10.0.0.0/8,::1)'],
  ['HeadersRegexp(`X`, `^a`)', 'HeaderRegexp(X,^a)'],
  ['headers(`X`, `a`)', 'Header(X,a)'],
  ['HostHeader(`A`)', 'Host(a)'],
  ['HostRegexp(`^.+\\.example$`)', 'HostRegexp(^.+\\.example$)'],
] as const) {
  test(`${JSON.stringify(text)} is ${tree}`, () => {
    expect(shown(parseRule(text))).toBe(tree)
  })
}

for (const [text, position, words] of [
  ['', 1, 'expected a matcher, found the end'],
  ['Host(`a`', 9, 'expected ), found the end'],
  ['Host(`a`) Host(`b`)', 11, 'expected the end, found Host'],
  ['Host(`a`) & Path(`/`)', 11, 'a single &'],
  ['Host(`a`) &&', 13, 'expected a matcher'],
  ["Host('a')", 6, 'single quotes'],
  ['Host(`a)', 6, 'not closed'],
  ['Host(a)', 6, 'expected a value in backticks'],
  ['Host()', 1, 'Host has 0 values'],
  ['Host(``)', 1, 'an empty value'],
  ['Header(`X`)', 1, 'it takes 2'],
  ['Hosts(`a`)', 1, 'unknown matcher Hosts (did you mean Host?)'],
  ['Hots(`a`)', 1, 'unknown matcher Hots; known are Host'],
  ['Host(`a`) && Path(`b`)', 14, '"b" is no path; begin it with /'],
  ['Host(`a b`)', 1, '"a b" is no host name'],
  ['Host(`-a`)', 1, 'is no host name'],
  ['ClientIP(`10.0.0.0/33`)', 1, 'is no address'],
  ['PathRegexp(`(a)\\1`)', 1, 'is no regular expression'],
  ['HostRegexp(`a(?=b)`)', 1, 'is no regular expression'],
  ['HeaderRegexp(`X`, `(`)', 1, 'is no regular expression'],
  ['Query(`a`, `b`, `c`)', 1, 'it takes 1 to 2'],
  ['Path("\\q")', 6, 'unknown escape'],
  ['Host(`a`) ; x', 11, 'has no meaning here'],
] as const) {
  test(`${JSON.stringify(text)} is refused at ${position}: ${words}`, () => {
    expect(() => parseRule(text)).toThrow(
      expect.objectContaining({ code: 'bad-value', message: expect.stringContaining(words) }),
    )
    expect(() => parseRule(text)).toThrow(`position ${position}:`)
  })
}

test('a rule is bounded in length, depth and number of matchers', () => {
  expect(() => parseRule(`Host(\`${'a'.repeat(20_000)}\`)`)).toThrow('20008 characters')
  expect(() => parseRule(`${'('.repeat(100)}Host(\`a\`)${')'.repeat(100)}`)).toThrow(
    'deeper than 32',
  )
  expect(() => parseRule(`${'!'.repeat(100)}Host(\`a\`)`)).toThrow('deeper than 32')
  expect(() => parseRule(Array(600).fill('Host(`a`)').join('||'))).toThrow('more than 512')
  expect(callsOf(parseRule(Array(500).fill('Host(`a`)').join('||')))).toHaveLength(500)
})
