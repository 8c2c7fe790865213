import { expect, test } from 'vitest'

import type { Config } from '../../templates/mongodb-replica-set/replica-set-config.cjs'
import { chance } from './mongod/chance.ts'
import { chaos, type Run } from './mongod/chaos.ts'
import { idOf } from './mongod/node.ts'
import { isVoter, majorityOf, votersOf } from './mongod/rules.ts'

/** What must hold of each change that a mongod has taken, whoever asked for it. */
function broken(old: Config, next: Config, keys: Map<number, string>): string[] {
  const [before, after] = [votersOf(old), votersOf(next)]
  const union = before.union(after)
  const problems = []
  if (before.symmetricDifference(after).size > 1) problems.push('several votes changed at once')
  if (majorityOf(before.size) + majorityOf(after.size) <= union.size)
    problems.push('majorities may be apart')
  if (after.size > 7) problems.push('more than seven voters')
  const hosts = (config: Config) => new Set(config.members.map((one) => `${one._id} ${one.host}`))
  const members = [...hosts(old).symmetricDifference(hosts(next))].map((text) => text.split(' ')[0])
  if (new Set(members).size > 1) problems.push('several members changed at once')
  for (const { _id, tags } of next.members) {
    const key = tags?.['portolan'] ?? ''
    if ((keys.get(_id) ?? key) !== key)
      problems.push(`_id ${_id} was of ${keys.get(_id)}, is of ${key}`)
    keys.set(_id, key)
  }
  return problems
}

function watched(seed: number) {
  const problems: string[] = []
  const keys = new Map<number, string>()
  const used = new Set<number>()
  const sets = new Set<string>()
  const listener = {
    initiated(_: unknown, config: Config) {
      sets.add(idOf(config))
      for (const { _id, tags } of config.members) {
        keys.set(_id, tags?.['portolan'] ?? '')
        used.add(_id)
      }
    },
    reconfigured(_: unknown, old: Config, next: Config) {
      problems.push(...broken(old, next, keys))
      for (const { _id } of next.members) {
        if (!old.members.some((one) => one._id === _id) && used.has(_id))
          problems.push(`_id ${_id} again`)
        used.add(_id)
      }
    },
  }
  const run: Run = chaos(chance(seed), listener)
  return { run, problems, sets }
}

const groups = Array.from({ length: 10 }, (_, at) => at)

test.for(groups)(
  'whatever is lost, joins, is late or runs twice, each change is safe, and in the end all is as wanted (%i)',
  async (group) => {
    for (let seed = group * 20; seed < group * 20 + 20; seed += 1) {
      const { run, problems, sets } = watched(seed)
      // once over a set that is young, and once over one that has grown
      await run.storm(300)
      await run.calm()
      await run.storm(600)
      const { wanted, config, last } = await run.calm()
      expect({ seed, problems, sets: sets.size, last }).toEqual({
        seed,
        problems: [],
        sets: 1,
        last: 'nothing',
      })
      const hosts = config?.members.map(({ host }) => host).toSorted()
      expect({ seed, hosts }).toEqual({ seed, hosts: wanted.toSorted() })
      const voters = config?.members.filter(isVoter).length
      const most = Math.min(wanted.length, 7)
      expect({ seed, voters }).toEqual({ seed, voters: most % 2 === 0 ? most - 1 : most })
    }
  },
)
