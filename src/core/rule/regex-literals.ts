/**
 * Texts that every host has in it which `pattern` (RE2's) matches: of `^[a-z]+-h1.example` these are `-h1` and
 * `example`. None when that can't be told at a glance; never one that a matching host may lack.
 */
export function literalsOf(pattern: string): readonly string[] {
  // flags and quotations can give letters another meaning, and an alternative may lack what another has
  if (/\\Q|\(\?[^:]/.test(pattern)) return []
  const found: string[] = []
  let run = ''
  const end = () => {
    if (run.length > 1) found.push(run)
    run = ''
  }
  for (const [part] of pattern.matchAll(parts)) {
    if (part === '|') return []
    const letter = letterOf(part)
    if (letter !== undefined) run += letter
    // what is repeated may be there no time at all; once more of it says nothing new
    else if (/^[*?{]/.test(part)) dropLast()
    else if (part.startsWith('(') || part.startsWith('\\')) {
      const isKnown = part.startsWith('(') ? part.endsWith(')') : /^\\[dDwWsSbBAz]$/.test(part)
      if (!isKnown) return []
      end()
    } else end()
  }
  end()
  return [...new Set(found)]

  function dropLast(): void {
    run = run.slice(0, -1)
    end()
  }
}

/** A group with what is in it (three levels deep), a class, an escape, a number of times, or one sign. */
const inClass = String.raw`\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]`
const plainGroup = String.raw`\((?:\\.|${inClass}|[^()\\[])*\)`
const group = String.raw`\((?:\\.|${inClass}|${plainGroup}|[^()\\[])*\)`
const outerGroup = String.raw`\((?:\\.|${inClass}|${group}|[^()\\[])*\)`
const parts = new RegExp(
  String.raw`${outerGroup}|\([\s\S]*|${inClass}|\\[\s\S]|\{\d+(?:,\d*)?\}|[\s\S]`,
  'g',
)

/** The letter that a part stands for; undefined when it is none. */
function letterOf(part: string): string | undefined {
  const escaped = /^\\([^A-Za-z0-9])$/.exec(part)?.[1]
  if (escaped !== undefined) return escaped
  return part.length === 1 && !/[.^$*+?()[\]|\\]/.test(part) ? part : undefined
}
