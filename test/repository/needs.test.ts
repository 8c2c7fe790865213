import { expect, test } from 'vitest'

import { needsOf } from '../bed/needs.ts'

for (const [args, needs] of [
  [[], ['engine', 'browser']],
  [
    ['-t', 'a name'],
    ['engine', 'browser'],
  ],
  [['test/core'], []],
  [['./test/core/rule', 'test/proxy/hold.test.ts', '-t', 'waits'], []],
  [['test/core', 'test/store'], ['engine']],
  [['test/admin', 'test/layers.test.ts'], ['browser']],
  [['test/e2e'], ['engine', 'browser']],
  [
    ['test/core', 'test/unheard-of'],
    ['engine', 'browser'],
  ],
] as const) {
  test(`npm test -- ${args.join(' ')} needs ${needs.join(' and ') || 'Node alone'}`, () => {
    expect([...needsOf(args)].toSorted()).toEqual([...needs].toSorted())
  })
}
