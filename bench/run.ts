// `npm run bench -- --help`; see README.md beside this file.

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

const usage = `npm run bench -- [benchmark …] [option …]

Benchmarks, all of them unless some are named:
  http          CPU for each request, beside nginx, HAProxy and http-proxy
                  --case NAME, once or more: small browser post large latency tls messages connections bulk idle
                  --runs 5 --seconds 2
  spine         how fast changes take effect, memory, start, crash
                  --containers 100 --rounds 5 --idle 30
  registration  many containers at once
  rules         looking up a route, and changing one, among many
  updates       what a change of 10,000 routes costs those who are served
  balance       choosing an endpoint, by policy
  confd         rendering many instances, a change to its file and reload
                  --changes 100
  fuzz          made-up requests and answers through scanners and exchanges
                  --cases 100000 --seed 1
  zero-loss     random operations on containers under load
                  --operations 300 --seed 1 --workers 1`

const options = {
  help: { type: 'boolean', short: 'h', default: false },
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
  case: { type: 'string', multiple: true },
} as const

function asked() {
  try {
    return parseArgs({ allowPositionals: true, options })
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error))
  }
}

function refused(why: string): never {
  console.error(`${why}\n\n${usage}`)
  process.exit(2)
}

const { values, positionals } = asked()
const parts = new Map([
  [
    'http',
    () =>
      measureHttp({
        runs: Number(values.runs),
        seconds: Number(values.seconds),
        only: values.case ?? [],
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
if (values.help) {
  console.log(usage)
  process.exit()
}
if (unknown !== undefined) refused(`there is no benchmark ${unknown}`)

console.log(machine())
for (const name of chosen) {
  console.log(`\n# ${name}`)
  await parts.get(name)?.()
}
