import { conditionOf, expressionOf, quoted, type Scope, variableName } from './expression.ts'
import { type Piece, piecesOf, type Token, tokensOf } from './tokens.ts'

/** A Go template as nunjucks, and what could not be turned, by line. */
export type Converted = { readonly text: string; readonly notes: readonly string[] }

type Block = { readonly end: string; readonly dot: string | undefined }
type Action = Extract<Piece, { kind: 'action' }>

/** Turns a Go template of confd into nunjucks, construct by construct. Never throws. */
export function convertTemplate(source: string): Converted {
  const notes: string[] = []
  const pieces = piecesOf(source)
  const macros = new Set(
    pieces.flatMap((piece) => {
      const name = piece.kind === 'action' && /^define\s+("[^"]*"|`[^`]*`)/.exec(piece.inside)?.[1]
      return name ? [macroName(name)] : []
    }),
  )
  const writer = new Writer(macros, notes)
  const text = pieces
    .map((piece) => (piece.kind === 'text' ? textOf(piece.text) : writer.action(piece)))
    .join('')
  writer.finish()
  return { text, notes }
}

/** What begins a tag in nunjucks and does not in Go. */
function textOf(text: string): string {
  return text.replaceAll(/\{[%#]/g, (sign) => `{{ "${sign}" }}`)
}

function macroName(literal: string): string {
  return literal.slice(1, -1).replaceAll(/\W/g, '_')
}

/** Lists that give numbers to `range $i, $v`; all else is taken for a map. */
const lists =
  /^\(*(gets|getvs|ls|lsdir|split|splitN|seq|reverse|jsonArray|sort\w+|append|list|where\w*)\(/

class Writer {
  private readonly blocks: Block[] = []
  private readonly macros: ReadonlySet<string>
  private readonly notes: string[]
  private line = 0

  constructor(macros: ReadonlySet<string>, notes: string[]) {
    this.macros = macros
    this.notes = notes
  }

  finish(): void {
    if (this.blocks.length > 0) this.note(`${this.blocks.length} {{end}} are missing at the end`)
  }

  action({ inside, left, right, line }: Action): string {
    this.line = line
    const tag = (body: string) => `{%${left} ${body} ${right}%}`
    if (inside.startsWith('/*')) return `{#${left} ${inside.slice(2, -2).trim()} ${right}#}`
    const tokens = tokensOf(inside)
    if (!tokens) return this.untouched(inside)
    const [first, ...rest] = tokens
    if (first === undefined) return ''
    if (first.kind === 'variable' && isAssignment(rest[0])) {
      return tag(`set ${variableName(first.text)} = ${this.value(rest.slice(1))}`)
    }
    switch (first.kind === 'name' ? first.text : '') {
      case 'range':
        return this.range(rest, tag, right)
      case 'if':
        return this.open({ end: 'endif', dot: this.dot }, tag(`if ${this.condition(rest)}`))
      case 'with':
        return this.with(rest, tag)
      case 'else':
        return this.else(rest, tag)
      case 'end':
        return tag(this.blocks.pop()?.end ?? this.untouched(inside))
      case 'define':
        return this.open(
          { end: 'endmacro', dot: 'dot' },
          tag(`macro ${macroName(rest[0]?.text ?? '""')}(dot)`),
        )
      case 'template':
        return this.template(rest, { left, right }, tag)
      case 'block':
      case 'break':
      case 'continue':
        return this.untouched(inside)
      default:
        return `{{${left} ${this.value(tokens)} ${right}}}`
    }
  }

  private get dot(): string | undefined {
    return this.blocks.at(-1)?.dot
  }

  private get scope(): Scope {
    return { dot: this.dot, note: (what) => this.note(what) }
  }

  private note(what: string): void {
    this.notes.push(`line ${this.line}: ${what}`)
  }

  private untouched(inside: string): string {
    this.note(`{{${inside}}} has no form in nunjucks that could be put here`)
    return `{# {{${inside}}} #}`
  }

  private value(tokens: readonly Token[]): string {
    return expressionOf(tokens, this.scope).text
  }

  private condition(tokens: readonly Token[]): string {
    return conditionOf(expressionOf(tokens, this.scope))
  }

  private open(block: Block, text: string): string {
    this.blocks.push(block)
    return text
  }

  /** A name that no block around uses. */
  private fresh(name: string): string {
    const taken = this.blocks.filter(({ dot }) => dot?.startsWith(name)).length
    return taken === 0 ? name : `${name}${taken + 1}`
  }

  private range(rest: readonly Token[], tag: (body: string) => string, right: string): string {
    const assigned = rest.findIndex(({ text }) => text === ':=' || text === '=')
    const names = rest
      .slice(0, Math.max(0, assigned))
      .filter(({ kind }) => kind === 'variable')
      .map(({ text }) => variableName(text))
    const list = this.value(rest.slice(assigned + 1))
    const [first, second] = names
    if (second === undefined) {
      const item = first ?? this.fresh('item')
      return this.open({ end: 'endfor', dot: item }, tag(`for ${item} in ${list}`))
    }
    if (!lists.test(list)) {
      return this.open({ end: 'endfor', dot: second }, tag(`for ${first}, ${second} in ${list}`))
    }
    const loop = tag(`for ${second} in ${list}`)
    const count = first === '_' ? '' : `{% set ${first} = loop.index0 ${right}%}`
    return this.open({ end: 'endfor', dot: second }, `${loop}${count}`)
  }

  private with(rest: readonly Token[], tag: (body: string) => string): string {
    const [name] = rest
    const own = name?.kind === 'variable' && isAssignment(rest[1])
    const dot = own ? variableName(name.text) : this.fresh('it')
    const value = this.value(own ? rest.slice(2) : rest)
    return this.open(
      { end: 'endif', dot },
      `${tag(`set ${dot} = ${value}`)}{% if not empty(${dot}) %}`,
    )
  }

  private else(rest: readonly Token[], tag: (body: string) => string): string {
    const [word, ...condition] = rest
    if (word === undefined) return tag('else')
    if (word.text === 'if') return tag(`elif ${this.condition(condition)}`)
    return this.untouched(`else ${word.text}`)
  }

  private template(
    [name, ...data]: readonly Token[],
    { left, right }: Pick<Action, 'left' | 'right'>,
    tag: (body: string) => string,
  ): string {
    if (name?.kind !== 'string') return this.untouched('template')
    const macro = macroName(name.text)
    if (!this.macros.has(macro)) return tag(`include ${quoted(name.text)}`)
    const isRoot = data.length === 1 && data[0]?.text === '.' && this.dot === undefined
    const argument = data.length === 0 || isRoot ? 'none' : this.value(data)
    return `{{${left} ${macro}(${argument}) ${right}}}`
  }
}

function isAssignment(token: Token | undefined): boolean {
  return token?.text === ':=' || token?.text === '='
}
