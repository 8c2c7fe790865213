import { expect, test } from 'vitest'

import { isExpected } from '../../../src/proxy/checks/expect.ts'
import { judged, noVerdict } from '../../../src/proxy/checks/verdict.ts'

/** The states after each result, with rise 2 and fall 3. */
function states(results: string): string {
  let verdict = noVerdict
  return Array.from(results, (result) => {
    verdict = judged(verdict, result === '+', { rise: 2, fall: 3 })
    return verdict.state[0]
  }).join('')
}

for (const [sentence, results, expected] of [
  ['it passes after `rise` in a row', '+-++', 'uuup'],
  ['what has never passed does not fail', '-----', 'uuuuu'],
  ['it fails after `fall` in a row', '++--+---', 'uppppppf'],
  ['and passes again after `rise`', '++---+-++', 'uppp'.padEnd(4, 'p') + 'ffffp'],
] as const) {
  test(sentence, () => {
    expect(states(results)).toBe(expected)
  })
}

test('one result may be enough', () => {
  const once = { rise: 1, fall: 1 }
  const up = judged(noVerdict, true, once)
  expect([up.state, judged(up, false, once).state]).toEqual(['passing', 'failing'])
})

test('expected statuses: numbers, hundreds and ranges', () => {
  const passing = [200, 204, 299, 301, 399].filter((status) => isExpected(status, ['2xx', '301']))
  expect(passing).toEqual([200, 204, 299, 301])
  expect([199, 200, 399, 400].filter((status) => isExpected(status, ['200-399']))).toEqual([
    200, 399,
  ])
  expect(isExpected(200, [])).toBe(false)
})
