import { type Token, scan } from '../../../core/rule/scan.ts'

/**
 * A rule of Traefik v2 as one of v3: templates such as `{id:[0-9]+}` in hosts and paths as regular expressions,
 * and ``Query(`k=v`)``. A rule that has none of them stays as it is, to the letter. `old`: the router says
 * `ruleSyntax: v2`, so that what means one thing in v2 and another in v3 is v2's. Throws `bad-value` where the text is
 * no rule at all.
 */
export function modernRule(rule: string, old: boolean): string {
  const tokens = scan(rule)
  let text = ''
  let done = 0
  for (const [i, { kind, value, at }] of tokens.entries()) {
    if (kind !== 'name') continue
    const end = tokens.findIndex((token, j) => j > i && token.kind === ')')
    if (end < 0) break
    const args = tokens.slice(i, end).filter(isText)
    const fresh = modernCall(value.toLowerCase(), args.map(valueOfToken), old)
    if (fresh === undefined) continue
    text += rule.slice(done, at) + fresh
    done = (tokens[end]?.at ?? rule.length) + 1
  }
  return text + rule.slice(done)
}

function isText({ kind }: Token): boolean {
  return kind === 'text'
}

function valueOfToken({ value }: Token): string {
  return value
}

/** One matcher; undefined when it is the same in v3. */
function modernCall(name: string, args: readonly string[], old: boolean): string | undefined {
  switch (name) {
    case 'host':
    case 'hostheader':
      return args.some(hasTemplate) ? anyOf(args, hostCall) : undefined
    case 'hostregexp':
      return old || args.some(hasTemplate) ? anyOf(args, hostCall) : undefined
    case 'path':
      return args.some(hasTemplate) ? anyOf(args, (arg) => pathCall('Path', arg)) : undefined
    case 'pathprefix':
      return args.some(hasTemplate) ? anyOf(args, (arg) => pathCall('PathPrefix', arg)) : undefined
    case 'query':
      return args.every((arg) => arg.includes('=')) ? queryCalls(args) : undefined
    default:
      return undefined
  }
}

function hostCall(arg: string): string {
  return hasTemplate(arg) ? call('HostRegexp', `^${regexOf(arg, '[^.]+')}$`) : call('Host', arg)
}

function pathCall(name: 'Path' | 'PathPrefix', arg: string): string {
  if (!hasTemplate(arg)) return call(name, arg)
  return call('PathRegexp', `^${regexOf(arg, '[^/]+')}${name === 'Path' ? '$' : ''}`)
}

/** v2's ``Query(`a=1`, `b=2`)`` wants all of them. */
function queryCalls(args: readonly string[]): string {
  const calls = args.map((arg) => {
    const [key = '', ...value] = arg.split('=')
    return value.join('=') === '' ? call('Query', key) : call('Query', key, value.join('='))
  })
  return calls.length === 1 ? calls.join('') : `(${calls.join(' && ')})`
}

function anyOf(args: readonly string[], make: (arg: string) => string): string {
  return args.length === 1 ? args.map(make).join('') : `(${args.map(make).join(' || ')})`
}

function call(name: string, ...args: readonly string[]): string {
  const quoted = args.map((arg) => (arg.includes('`') ? JSON.stringify(arg) : `\`${arg}\``))
  return `${name}(${quoted.join(', ')})`
}

/** A name in braces; `{2,3}` is a regular expression's. */
function hasTemplate(text: string): boolean {
  return /\{[A-Za-z_][\w-]*(:|\})/.test(text)
}

/** gorilla/mux's reading: what is outside of braces is text, a template without an expression is `usual`. */
function regexOf(template: string, usual: string): string {
  let regex = ''
  let rest = template
  for (let open = rest.indexOf('{'); open >= 0; open = rest.indexOf('{')) {
    const close = closing(rest, open)
    if (close < 0) break
    const [, expression = ''] = /^[^:]*:(.*)$/s.exec(rest.slice(open + 1, close)) ?? []
    regex += `${escaped(rest.slice(0, open))}(?:${expression || usual})`
    rest = rest.slice(close + 1)
  }
  return regex + escaped(rest)
}

/** Braces nest: `{id:[0-9]{3}}`. */
function closing(text: string, open: number): number {
  let depth = 0
  for (let i = open; i < text.length; i++) {
    if (text[i] === '{') depth++
    if (text[i] === '}' && --depth === 0) return i
  }
  return -1
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
