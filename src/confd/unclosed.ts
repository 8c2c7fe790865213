/** What stands within a tag: a quoted text may have the end of one in it. */
const inside = String.raw`(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^"'])*?`
const part = new RegExp(
  [
    String.raw`\{%-?\s*(?<raw>raw|verbatim)\s*-?%\}[^]*?\{%-?\s*end\k<raw>\s*-?%\}`,
    String.raw`\{#[^]*?#\}`,
    String.raw`\{\{${inside}\}\}`,
    String.raw`\{%-?\s*(?<word>\w+)(?<rest>${inside})%\}`,
    String.raw`(?<open>\{[{%#])`,
  ].join('|'),
  'g',
)

/** Words that begin a block, and what ends it. */
const ends: ReadonlyMap<string, string> = new Map([
  ...['for', 'if', 'block', 'macro', 'call', 'filter', 'switch', 'set', 'raw', 'verbatim'].map(
    (word) => [word, `end${word}`] as const,
  ),
  ['ifAsync', 'endif'],
  ['asyncEach', 'endeach'],
  ['asyncAll', 'endall'],
])
const isRaw = /^(raw|verbatim)$/
const closings: Readonly<Record<string, string>> = { '{{': '}}', '{%': '%}', '{#': '#}' }

/** What a template that ends too early has left open; `line` counts from 0. */
export function unclosedIn(source: string): Unclosed | undefined {
  const blocks: (Unclosed & { readonly end: string })[] = []
  for (const { index, 0: text, groups = {} } of source.matchAll(part)) {
    const { word = '', rest = '', open } = groups
    const line = source.slice(0, index).split('\n').length - 1
    if (open !== undefined) return { line, what: tagText(source.slice(index), open) }
    if (word === blocks.at(-1)?.end) blocks.pop()
    const end = ends.get(word)
    if (end === undefined || isAssignment(word, rest)) continue
    blocks.push({ line, what: `${text} has no {% ${end} %}; write one`, end })
    // what follows is no tag
    if (isRaw.test(word)) break
  }
  return blocks.at(-1)
}

type Unclosed = { readonly line: number; readonly what: string }

/** `{% set x = 1 %}` is whole, `{% set x %}` is not. */
function isAssignment(word: string, rest: string): boolean {
  return word === 'set' && rest.includes('=')
}

function tagText(tag: string, open: string): string {
  const [shown = ''] = tag.slice(0, 60).split('\n')
  const close = closings[open] ?? ''
  const remedy = open === '{#' ? 'end it' : 'close its brackets and quotation marks, and end it'
  return `${JSON.stringify(shown.trim())} is not closed; ${remedy} with ${close}`
}
