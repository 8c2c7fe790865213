import type { RequestDraft } from '../draft.ts'
import { type HeaderLines, headerValue, isHeaderName, isHeaderValue } from '../header-lines.ts'
import type { Hooks, Stage } from '../stage.ts'

type Pairs = Readonly<Record<string, string>>

type Options = {
  readonly request: Pairs
  readonly response: Pairs
  readonly secureResponse?: Pairs | undefined
}

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
export function headers(options: Options): Stage {
  const wanted = edits(options.request)
  const back = edits(options.response)
  const plain = stepOf(back)
  const secure = stepOf([...edits(options.secureResponse ?? {}), ...back])
  return (request) => {
    for (const edit of wanted) {
      if (edit.name.toLowerCase() === 'host') renameHost(request, edit.value)
      else applyOne(edit, request.headers)
    }
    return request.scheme === 'https' ? secure : plain
  }
}

function stepOf(back: readonly Edit[]): { readonly hooks: Hooks } | undefined {
  if (back.length === 0) return undefined
  return { hooks: { answered: (answer) => apply(back, answer.headers) } }
}

/** What is wrong with headers that are to be set, if anything. */
export function headersProblem(options: Options): string | undefined {
  const { request, response, secureResponse = {} } = options
  const all = [request, response, secureResponse].flatMap((pairs) => Object.entries(pairs))
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
