/** What tests may need beyond Node. */
export type Need = 'engine' | 'browser'

const everything: ReadonlySet<Need> = new Set(['engine', 'browser'])

/** The parts of `test/` that need less than everything. A part that is missing here needs everything. */
const needs: Readonly<Record<string, readonly Need[]>> = {
  admin: ['browser'],
  base: [],
  catalog: [],
  cli: [],
  confd: [],
  config: [],
  core: [],
  layers: [],
  proxy: [],
  docker: ['engine'],
  registrator: ['engine'],
  repository: ['engine'],
  store: ['engine'],
}

/**
 * What the tests need that `npm test -- <args>` selects. Only paths under `test/` select (`test/core`,
 * `test/proxy/hold.test.ts`); without one, all tests run.
 */
export function needsOf(args: readonly string[]): ReadonlySet<Need> {
  const parts = args.flatMap((arg) => /^(?:\.\/)?test\/([\w-]+)/.exec(arg)?.[1] ?? [])
  if (parts.length === 0) return everything
  return new Set(parts.flatMap((part) => needs[part] ?? [...everything]))
}
