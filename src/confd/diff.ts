type Line = { readonly sign: ' ' | '-' | '+'; readonly text: string }

const context = 3

/** `diff -u` of two texts as one string; empty when they are equal. */
export function unifiedDiff(before: string, after: string, name: string): string {
  if (before === after) return ''
  const lines = editScript(linesOf(before), linesOf(after))
  const hunks = hunksOf(lines).map((range) => hunkText(lines, range))
  return [`--- ${name}`, `+++ ${name} (rendered)`, ...hunks, ''].join('\n')
}

/** The same with terminal colours: red what goes, green what comes. */
export function coloured(diff: string): string {
  const colours: Readonly<Record<string, string>> = { '-': '31', '+': '32', '@': '36' }
  const paint = (line: string) => {
    const colour = colours[line.charAt(0)]
    return colour === undefined ? line : `\x1b[${colour}m${line}\x1b[0m`
  }
  return diff.split('\n').map(paint).join('\n')
}

function linesOf(text: string): string[] {
  if (text === '') return []
  if (text.endsWith('\n')) return text.slice(0, -1).split('\n')
  const lines = text.split('\n')
  const last = lines.pop() ?? ''
  return [...lines, `${last}\n\\ No newline at end of file`]
}

/** The shortest list of edits (Myers 1986), equal ends set aside first. */
function editScript(before: readonly string[], after: readonly string[]): Line[] {
  const shorter = Math.min(before.length, after.length)
  let head = 0
  while (head < shorter && before[head] === after[head]) head++
  let foot = 0
  while (foot < shorter - head && before.at(-1 - foot) === after.at(-1 - foot)) foot++
  const keep = (text: string): Line => ({ sign: ' ', text })
  const middle = myers(
    before.slice(head, before.length - foot),
    after.slice(head, after.length - foot),
  )
  return [
    ...before.slice(0, head).map(keep),
    ...middle,
    ...before.slice(before.length - foot).map(keep),
  ]
}

/** More edits than this are not worth the search: then all goes and all comes. */
const mostEdits = 2000

function myers(before: readonly string[], after: readonly string[]): Line[] {
  const trace: Map<number, number>[] = []
  let reach = new Map([[1, 0]])
  for (let edits = 0; edits <= Math.min(before.length + after.length, mostEdits); edits++) {
    trace.push(reach)
    const next = new Map(reach)
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = startOn(reach, diagonal, edits)
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal])
        x++
      next.set(diagonal, x)
      if (x >= before.length && x - diagonal >= after.length) return walkBack(trace, before, after)
    }
    reach = next
  }
  const whole = (sign: '-' | '+') => (text: string) => ({ sign, text })
  return [...before.map(whole('-')), ...after.map(whole('+'))]
}

const goesDown = (reach: ReadonlyMap<number, number>, diagonal: number, edits: number) =>
  diagonal === -edits ||
  (diagonal !== edits && (reach.get(diagonal - 1) ?? 0) < (reach.get(diagonal + 1) ?? 0))

function startOn(reach: ReadonlyMap<number, number>, diagonal: number, edits: number): number {
  if (goesDown(reach, diagonal, edits)) return reach.get(diagonal + 1) ?? 0
  return (reach.get(diagonal - 1) ?? 0) + 1
}

function walkBack(
  trace: readonly ReadonlyMap<number, number>[],
  before: readonly string[],
  after: readonly string[],
): Line[] {
  const lines: Line[] = []
  let [x, y] = [before.length, after.length]
  for (const [edits, reach] of [...trace.entries()].toReversed()) {
    const down = goesDown(reach, x - y, edits)
    const from = x - y + (down ? 1 : -1)
    const fromX = reach.get(from) ?? 0
    const fromY = fromX - from
    while (x > Math.max(0, fromX) && y > Math.max(0, fromY)) {
      lines.push({ sign: ' ', text: before[--x] ?? '' })
      y--
    }
    if (edits === 0) break
    lines.push(
      down ? { sign: '+', text: after[--y] ?? '' } : { sign: '-', text: before[--x] ?? '' },
    )
  }
  return lines.toReversed()
}

type Range = { from: number; to: number }

function hunksOf(lines: readonly Line[]): Range[] {
  const hunks: Range[] = []
  for (const [index, { sign }] of lines.entries()) {
    if (sign === ' ') continue
    const range = { from: Math.max(0, index - context), to: index + context + 1 }
    const last = hunks.at(-1)
    if (last && range.from <= last.to) last.to = range.to
    else hunks.push(range)
  }
  return hunks
}

function hunkText(lines: readonly Line[], { from, to }: Range): string {
  const shown = lines.slice(from, to)
  const span = (gone: '-' | '+') => {
    const skip = gone === '-' ? '+' : '-'
    const start = lines.slice(0, from).filter(({ sign }) => sign !== skip).length
    const count = shown.filter(({ sign }) => sign !== skip).length
    return `${gone}${count === 0 ? start : start + 1},${count}`
  }
  const body = shown.map(({ sign, text }) => `${sign}${text}`)
  return [`@@ ${span('-')} ${span('+')} @@`, ...body].join('\n')
}
