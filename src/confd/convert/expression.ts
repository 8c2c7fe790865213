import { templateFunctions } from '../functions/functions.ts'
import type { Token } from './tokens.ts'

/** What an expression is written in. */
export type Scope = {
  /** What `.` is called here; undefined where nothing gives it a name. */
  readonly dot: string | undefined
  /** Hears what can't be turned. */
  readonly note: (what: string) => void
}

/** A nunjucks expression; `isBoolean` where Go's and JavaScript's truth are the same. */
export type Expression = { readonly text: string; readonly isBoolean: boolean }

const stored = ['getv', 'get', 'gets', 'getvs', 'ls', 'lsdir', 'exists']
const names = ['lookupIP', 'lookupIPV4', 'lookupIPV6', 'lookupSRV']
const known = new Set([...stored, ...names, ...Object.keys(templateFunctions)])
const signs: Readonly<Record<string, string>> = {
  eq: '==',
  ne: '!=',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
}
const booleans = new Set([
  'exists',
  'contains',
  'hasPrefix',
  'hasSuffix',
  'parseBool',
  'fileExists',
])
const words = new Set([
  'and',
  'or',
  'not',
  'in',
  'is',
  'if',
  'else',
  'true',
  'false',
  'none',
  'loop',
])

/** A variable's name without its `$`; another one where nunjucks has that name itself. */
export function variableName(name: string): string {
  const bare = name.slice(1)
  return known.has(bare) || words.has(bare) ? `${bare}_` : bare
}

/** Turns a pipeline. */
export function expressionOf(tokens: readonly Token[], scope: Scope): Expression {
  const parser = new Parser(tokens, scope)
  const made = parser.pipeline()
  const rest = parser.rest()
  if (rest !== '') scope.note(`what is ${rest} here?`)
  return made
}

/** As a condition: empty lists, maps and texts are false in Go. */
export function conditionOf({ text, isBoolean }: Expression): string {
  return isBoolean ? text : `not empty(${text})`
}

const plain = (text: string): Expression => ({ text, isBoolean: false })

class Parser {
  private at = 0
  private readonly tokens: readonly Token[]
  private readonly scope: Scope

  constructor(tokens: readonly Token[], scope: Scope) {
    this.tokens = tokens
    this.scope = scope
  }

  rest(): string {
    return this.tokens
      .slice(this.at)
      .map(({ text }) => text)
      .join(' ')
  }

  /** What is piped becomes the last argument. */
  pipeline(): Expression {
    let made = this.command([])
    while (this.takes('|')) made = this.command([made])
    return made
  }

  private takes(sign: string): boolean {
    const next = this.tokens[this.at]
    if (next?.kind !== 'sign' || next.text !== sign) return false
    this.at++
    return true
  }

  private command(piped: readonly Expression[]): Expression {
    const first = this.tokens[this.at]
    if (first?.kind !== 'name' || ['true', 'false', 'nil'].includes(first.text)) {
      const value = this.operand()
      if (piped.length > 0) this.scope.note(`nothing can be piped into ${value.text}`)
      return value
    }
    this.at++
    const args: Expression[] = []
    while (this.at < this.tokens.length && !this.isEnd()) args.push(this.operand())
    return this.call(first.text, [...args, ...piped])
  }

  private isEnd(): boolean {
    const next = this.tokens[this.at]
    return next?.kind === 'sign' && next.text !== '('
  }

  private operand(): Expression {
    const next = this.tokens[this.at++]
    switch (next?.kind) {
      case 'string':
        return plain(quoted(next.text))
      case 'number':
        return plain(next.text)
      case 'variable':
        return plain(this.variable(next.text))
      case 'field':
        return plain(this.field(next.text))
      case 'name':
        if (next.text === 'nil') return plain('none')
        return ['true', 'false'].includes(next.text)
          ? { text: next.text, isBoolean: true }
          : this.call(next.text, [])
      case 'sign':
        if (next.text === '(') return this.bracket()
        this.scope.note(`${next.text} is out of place`)
        return plain('none')
      case undefined:
        this.scope.note('something is missing')
        return plain('none')
    }
  }

  private bracket(): Expression {
    const inside = this.pipeline()
    if (!this.takes(')')) this.scope.note('a bracket is not closed')
    const member = this.tokens[this.at]
    const made = { text: `(${inside.text})`, isBoolean: inside.isBoolean }
    if (member?.kind !== 'field' || member.text === '.') return made
    this.at++
    return plain(`${made.text}${member.text}`)
  }

  private variable(text: string): string {
    const [name = '$', ...members] = text.split('.')
    if (name !== '$') return [variableName(name), ...members].join('.')
    this.scope.note('$ alone, what the template is called with, is not there')
    return 'none'
  }

  private field(text: string): string {
    const { dot, note } = this.scope
    if (dot !== undefined) return text === '.' ? dot : `${dot}${text}`
    if (text === '.') note('. is nothing here: no range or with is around it')
    else note(`${text} is not there: templates have services, instances and keys`)
    return text === '.' ? 'none' : text.slice(1)
  }

  private call(name: string, args: readonly Expression[]): Expression {
    const texts = args.map(({ text }) => text)
    const sign = signs[name]
    if (sign !== undefined && args.length >= 2) {
      const [first = '', ...others] = texts
      const text = others.map((other) => `${first} ${sign} ${other}`).join(' or ')
      return { text: others.length > 1 ? `(${text})` : text, isBoolean: true }
    }
    if (name === 'not') return { text: `not (${args.map(conditionOf).join()})`, isBoolean: true }
    if (name === 'and' || name === 'or') {
      return { text: `(${args.map(conditionOf).join(` ${name} `)})`, isBoolean: true }
    }
    if (!known.has(name)) this.scope.note(`the function ${name} is not there`)
    return { text: `${name}(${texts.join(', ')})`, isBoolean: booleans.has(name) }
  }
}

/** A string as nunjucks reads it, which knows fewer escapes than Go. */
export function quoted(literal: string): string {
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }
  const text = literal.startsWith('`')
    ? literal.slice(1, -1)
    : literal.slice(1, -1).replaceAll(/\\(.)/gs, (_, one: string) => escapes[one] ?? one)
  const safe = text.replaceAll(/["\\]/g, String.raw`\$&`)
  return `"${safe
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('\t', String.raw`\t`)
    .replaceAll('\r', String.raw`\r`)}"`
}
