// `npm run bench -- [http] [spine] [registration] [rules] [updates] [balance] [confd] [fuzz] [zero-loss] [options]`; see README.md beside this file.

import { parseArgs } from 'node:util'

import { measureBalance } from './balance/balance.ts'
import { measureConfd } from './confd/confd.ts'
import { measureFuzz } from './fuzz/fuzz.ts'
import { measureHttp } from './http/http.ts'
import { machine } from './machine.ts'
import { measureRegistration } from './registration/registration.ts'
import { measureRules } from './rules/rules.ts'
import { measureSpine } from './spine/spine.ts'
import { measureUpdates } from './updates/updates.ts'
import { measureZeroLoss } from './zero-loss/zero-loss.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    containers: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '5' },
    idle: { type: 'string', default: '30' },
    cases: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    changes: { type: 'string', default: '100' },
    operations: { type: 'string', default: '300' },
    workers: { type: 'string', default: '1' },
    case: { type: 'string', multiple: true, default: [] },
  },
})
const parts = new Map([
  [
    'http',
    () =>
      measureHttp({
        runs: Number(values.runs),
        seconds: Number(values.seconds),
        only: values.case,
      }),
  ],
  [
    'spine',
    () =>
      measureSpine({
        containers: Number(values.containers),
        rounds: Number(values.rounds),
        idleSeconds: Number(values.idle),
      }),
  ],
  ['registration', () => measureRegistration({ containers: 1000, instances: 10_000 })],
  ['rules', async () => measureRules()],
  ['updates', () => measureUpdates()],
  ['balance', async () => measureBalance()],
  ['confd', () => measureConfd({ changes: Number(values.changes) })],
  ['fuzz', () => measureFuzz({ cases: Number(values.cases), seed: Number(values.seed) })],
  [
    'zero-loss',
    () =>
      measureZeroLoss({
        operations: Number(values.operations),
        seed: Number(values.seed),
        workers: Number(values.workers),
      }),
  ],
])
const chosen = positionals.length > 0 ? positionals : [...parts.keys()]
const unknown = chosen.find((name) => !parts.has(name))
if (unknown !== undefined)
  throw new Error(`no benchmark ${unknown}; there are ${[...parts.keys()].join(', ')}`)

console.log(machine())
for (const name of chosen) {
  console.log(`\n# ${name}`)
  await parts.get(name)?.()
}
