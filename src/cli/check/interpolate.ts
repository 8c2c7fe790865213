/** A text with its variables filled in, and the names of those that have no value anywhere. */
export type Filled = { readonly text: string; readonly missing: readonly string[] }

const pattern = /\$(?:\$|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-?+])((?:[^{}]|\{[^{}]*\})*))?\})/g

/**
 * Compose's `$X`, `${X}`, `${X:-default}`, `${X-default}`, `${X:+other}`, `${X:?error}` and `$$`. A variable without
 * value and default is empty, as in Compose. Defaults may hold variables again.
 */
export function interpolated(text: string, variables: ReadonlyMap<string, string>): Filled {
  const missing: string[] = []
  const inner = (other: string): string => {
    const filled = interpolated(other, variables)
    missing.push(...filled.missing)
    return filled.text
  }
  const result = text.replaceAll(
    pattern,
    (whole, bare?: string, braced?: string, operator?: string, other = '') => {
      const name = bare ?? braced
      if (name === undefined) return whole === '$$' ? '$' : whole
      const value = variables.get(name)
      const isSet = value !== undefined && !(operator?.startsWith(':') === true && value === '')
      if (operator?.endsWith('+')) return isSet ? inner(other) : ''
      if (isSet) return value
      if (operator?.endsWith('-')) return inner(other)
      missing.push(name)
      return ''
    },
  )
  return { text: result, missing }
}

/** The variables of an `.env` file: `NAME=value`, comments, quotes, `export`. */
export function parseEnv(text: string): ReadonlyMap<string, string> {
  const variables = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const [, name, rest = ''] = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*)$/.exec(line) ?? []
    if (name !== undefined) variables.set(name, unquoted(rest))
  }
  return variables
}

function unquoted(rest: string): string {
  const [, quoted] = /^'([^']*)'/.exec(rest) ?? /^"((?:[^"\\]|\\.)*)"/.exec(rest) ?? []
  return quoted ?? rest.replace(/(^|\s)#.*$/, '').trim()
}
