import type { RequestDraft } from '../draft.ts'
import { type HeaderLines, headerValue, isHeaderName, isHeaderValue } from '../header-lines.ts'
import type { Hooks, Stage } from '../stage.ts'

type Pairs = Readonly<Record<string, string>>

/** Those by which messages are told apart: only who sends a message can know them. */
const framing = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Sets headers; an empty value takes one off. */
export function headers(options: { readonly request: Pairs; readonly response: Pairs }): Stage {
  const wanted = edits(options.request)
  const back = edits(options.response)
  const hooks: Hooks = { answered: (answer) => apply(back, answer.headers) }
  const step = back.length === 0 ? undefined : { hooks }
  return (request) => {
    for (const edit of wanted) {
      if (edit.name.toLowerCase() === 'host') renameHost(request, edit.value)
      else applyOne(edit, request.headers)
    }
    return step
  }
}

/** What is wrong with headers that are to be set, if anything. */
export function headersProblem(options: {
  readonly request: Pairs
  readonly response: Pairs
}): string | undefined {
  const all = [...Object.entries(options.request), ...Object.entries(options.response)]
  for (const [name, value] of all) {
    if (!isHeaderName(name)) return `${JSON.stringify(name)} is no name of a header`
    if (!isHeaderValue(value)) return `the value of header ${name} has control characters`
    if (framing.has(name.toLowerCase())) return `header ${name} is the connection's, and not to set`
  }
  return undefined
}

type Edit = { readonly name: string; readonly value: string }

function edits(pairs: Pairs): readonly Edit[] {
  return Object.entries(pairs).map(([name, value]) => ({ name, value: headerValue(value) }))
}

function apply(all: readonly Edit[], lines: HeaderLines): void {
  for (const edit of all) applyOne(edit, lines)
}

function applyOne({ name, value }: Edit, lines: HeaderLines): void {
  if (value === '') lines.remove(name)
  else lines.set(name, value)
}

/** A request without a host can't be. */
function renameHost(request: RequestDraft, host: string): void {
  if (host !== '') request.authority = host
}
