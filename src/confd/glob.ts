import { PortolanError } from '../core/errors.ts'

/**
 * Go's `path.Match` as a regular expression: `*` and `?` never cross a `/`, `[a-z]` and `[^a-z]` are classes,
 * `\` quotes. Throws `template` for a pattern that Go refuses.
 */
export function globPattern(glob: string): RegExp {
  const parts = glob.match(/\\.|\[\^?(?:\\.|[^\]\\])+\]|[\s\S]/gu) ?? []
  return new RegExp(`^${parts.map((part) => translated(part, glob)).join('')}$`, 'u')
}

function translated(part: string, glob: string): string {
  if (part === '*') return '[^/]*'
  if (part === '?') return '[^/]'
  if (part.length > 1 && part.startsWith('[')) return characterClass(part)
  if (part === '[' || part === '\\') {
    throw new PortolanError(
      'template',
      `${JSON.stringify(glob)} is not a pattern: ${part} is open; write \\${part} for the character itself`,
    )
  }
  return RegExp.escape(part.replace(/^\\/, ''))
}

function characterClass(part: string): string {
  const negated = part.startsWith('[^')
  const inside = part.slice(negated ? 2 : 1, -1)
  const members = inside.match(/\\.|[\s\S]/gu) ?? []
  const escaped = members.map((one) => (one === '-' ? one : RegExp.escape(one.replace(/^\\/, ''))))
  return `[${negated ? '^' : ''}${escaped.join('')}]`
}
