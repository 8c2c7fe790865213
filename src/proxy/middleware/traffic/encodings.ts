/** The encoding that the client likes best of `offered`, which are in our order; undefined: none. */
export function encodingFor(
  acceptEncoding: string | undefined,
  offered: readonly string[],
): string | undefined {
  if (acceptEncoding === undefined) return undefined
  const wanted = new Map(acceptEncoding.split(',').map(weighed))
  const weightOf = (name: string) => wanted.get(name) ?? wanted.get('*') ?? 0
  let best: string | undefined
  for (const one of offered) {
    if (weightOf(one) > (best === undefined ? 0 : weightOf(best))) best = one
  }
  return best
}

/** RFC 9110, 12.4.2: a weight of 1 unless it is said; one that can't be read is none. */
function weighed(item: string): [string, number] {
  const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
  const weight = parameters.find((one) => one.startsWith('q='))?.slice(2) ?? '1'
  return [name, /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0]
}
