import { PortolanError } from '../core/errors.ts'
import { templateFunctions } from './functions/functions.ts'

const functions = ['getv|get|gets|getvs|ls|lsdir|exists', ...Object.keys(templateFunctions)].join(
  '|',
)

/** What Go's templates write, and what to write here instead. The first that matches is named. */
const idioms: readonly (readonly [RegExp, string])[] = [
  [/^\/\*/, '{# a comment #}'],
  [/^range\b(?!\()/, '{% for kv in gets("/web/*") %} … {% endfor %}'],
  [/^if\b/, '{% if exists("/key") %} … {% endif %}'],
  [/^else\b/, '{% else %}'],
  [/^end$/, '{% endfor %} or {% endif %}'],
  [/^with\b/, '{% set x = getv("/key") %}{% if x %} … {% endif %}'],
  [/^(template|define|block)\b/, '{% include "file" %} or {% macro name(x) %} … {% endmacro %}'],
  [/^\$\w*\s*:?=/, '{% set x = getv("/key") %}'],
  [/^\$/, '{{ x }}'],
  [/^\.(Key|Value)\b/, '{{ kv.Key }} and {{ kv.Value }}, inside {% for kv in gets("/web/*") %}'],
  [/^\./, '{{ x }}, with the name that {% for x in … %} gave it'],
  [
    new RegExp(`^(${functions})(\\s+["'\`$.\\d]|\\s*\\(\\s*[a-z]+\\s+["'\`$.])`),
    '{{ getv("/key") }}: arguments in brackets, with commas',
  ],
]

/**
 * Throws `template` with line, text and the nunjucks form if `source` is one of Go's templates, which confd used
 * and which would else fail in riddles.
 */
export function refuseGoSyntax(name: string, source: string): void {
  for (const { index, 1: inside = '' } of blanked(source).matchAll(
    /\{\{-?\s*([\s\S]*?)\s*-?\}\}/g,
  )) {
    const idiom = idioms.find(([pattern]) => pattern.test(inside))
    if (!idiom) continue
    const line = source.slice(0, index).split('\n').length
    const shown = inside.split('\n', 1)[0] ?? ''
    throw new PortolanError(
      'template',
      `template ${name}, line ${line}: {{${shown}}} is Go's syntax; templates are nunjucks here: write ${idiom[1]}`,
    )
  }
}

/** `{% raw %}` blocks and comments: nothing in them is looked at. */
export const untouched =
  /\{%-?\s*(raw|verbatim)\s*-?%\}[\s\S]*?\{%-?\s*end\1\s*-?%\}|\{#[\s\S]*?#\}/g

function blanked(source: string): string {
  return source.replaceAll(untouched, (text) => text.replaceAll(/[^\n]/g, ' '))
}
