const form = /^([1-5])(?:(\d\d)|xx)(?:-([1-5]\d\d))?$/

/** Whether a status is one of `404`, `5xx`, `500-503`. */
export function statusReader(list: readonly string[]): (status: number) => boolean {
  const ranges = list.flatMap((text) => rangeOf(text) ?? [])
  return (status) => ranges.some(({ first, last }) => status >= first && status <= last)
}

/** What is wrong with a list of statuses, if anything. */
export function statusProblem(list: readonly string[]): string | undefined {
  const bad = list.find((text) => rangeOf(text) === undefined)
  return bad === undefined
    ? undefined
    : `${JSON.stringify(bad)} is no status; write 404, 5xx or 500-599`
}

function rangeOf(text: string): { readonly first: number; readonly last: number } | undefined {
  const [, hundreds, rest, end] = form.exec(text.trim()) ?? []
  if (hundreds === undefined) return undefined
  const first = Number(`${hundreds}${rest ?? '00'}`)
  const last = end === undefined ? (rest === undefined ? first + 99 : first) : Number(end)
  return last < first ? undefined : { first, last }
}
