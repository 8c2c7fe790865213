/** One large change: to these rules, at this port of all endpoints. */
export type Phase = {
  readonly name: 'loaded' | 'changed' | 'removed'
  readonly rules: readonly string[]
  readonly port: number
}

export function routes(count: number): string[] {
  return Array.from(
    { length: count },
    (_, at) => `Host(\`h${at}.example.com\`) && PathPrefix(\`/api/${at}\`)`,
  )
}

const count = 10_000

/** The change of all is one of their endpoints: each has another address. */
export const phases: readonly Phase[] = [
  { name: 'loaded', rules: routes(count), port: 80 },
  { name: 'changed', rules: routes(count), port: 81 },
  { name: 'removed', rules: routes(1), port: 80 },
]
