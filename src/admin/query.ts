import { z } from 'zod'

const querySchema = z.record(z.string(), z.union([z.string(), z.array(z.string())]))

/** The only one of `names` that a query has, once and with a value; undefined otherwise. */
export function oneOf<const N extends string>(
  query: unknown,
  names: readonly N[],
): { readonly name: N; readonly value: string } | undefined {
  const given = querySchema.safeParse(query).data ?? {}
  const found = names.flatMap((name) => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    return typeof value === 'string' && value !== '' ? [{ name, value }] : []
  })
  return found.length === 1 ? found[0] : undefined
}
