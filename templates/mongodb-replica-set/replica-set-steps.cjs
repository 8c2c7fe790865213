// @ts-check
'use strict'

/** @import { Wanted } from './replica-set-wanted.cjs' */
/** @import { Config, Status } from './replica-set-config.cjs' */
/** @import { Change, Scene } from './replica-set-changes.cjs' */

const { isCommitted, setIdOf } = require('./replica-set-config.cjs')
const {
  added,
  lowered,
  matchOf,
  missingIn,
  raised,
  rehosted,
  removed,
} = require('./replica-set-changes.cjs')

/**
 * What a mongod has said: `away` is no answer, or one that says nothing of its set; `new` is in no set.
 *
 * @typedef {{ is: 'away', why: string } | { is: 'new' } | { is: 'member', config: Config, status?: Status }} Seen
 */

/**
 * What must be remembered between passes: the set that there is, and since when (Unix ms) members are missing.
 *
 * @typedef {{ setId?: string, missing: Readonly<Record<string, number>> }} Memory
 */

/**
 * @typedef {(
 *   | { do: 'initiate', host: string, config: object }
 *   | { do: 'reconfig', host: string, config: Config }
 *   | { do: 'wait' } | { do: 'refuse' } | { do: 'nothing' }
 * ) & { why: string }} Step
 */

/** @typedef {{ wanted: Wanted, seen: ReadonlyMap<string, Seen>, memory: Memory, now: number }} Situation */

/**
 * The one step to do now, and what to remember. Pure; each step is safe whoever else does steps at the same time, and
 * wherever the one before was interrupted. `status` is there for those who say that they are the primary.
 *
 * @param {Situation} situation
 * @returns {{ step: Step, memory: Memory }}
 */
function nextStep(situation) {
  const { wanted, seen, memory } = situation
  const configs = [...seen.values()].flatMap((one) => (one.is === 'member' ? [one.config] : []))
  const ids = new Set(configs.map(setIdOf))
  if (memory.setId !== undefined) ids.add(memory.setId)
  const refused = refusal(wanted, configs, ids)
  // an incomplete catalog says nothing of who is missing: the grace begins anew
  if (refused) return { step: { do: 'refuse', why: refused }, memory: { ...memory, missing: {} } }
  const newest = configs.toSorted(newestFirst)[0]
  if (!newest) return { step: beginning(situation), memory }
  const [setId = ''] = ids
  const missing = missingIn({ ...situation, config: newest })
  return { step: change({ ...situation, memory: { setId, missing } }), memory: { setId, missing } }
}

/**
 * @param {Wanted} wanted
 * @param {readonly Config[]} configs
 * @param {ReadonlySet<string>} ids
 */
function refusal({ name, minimum, members }, configs, ids) {
  if (members.length < minimum)
    return `${members.length} members are known, at least ${minimum} are expected`
  const other = configs.find(({ _id }) => _id !== name)
  if (other)
    return `a member is in the set ${JSON.stringify(other._id)}, not in ${JSON.stringify(name)}`
  if (ids.size > 1)
    return `there are several sets of this name: ${[...ids].join(', ')}; keep one by hand`
  return undefined
}

/**
 * Nobody who answers is in a set. Only when all have answered is it sure that there is none.
 *
 * @param {Situation} situation
 * @returns {Step}
 */
function beginning({ wanted: { name, members, first }, seen, memory }) {
  const away = members.filter(({ host }) => seen.get(host)?.is !== 'new').map(({ host }) => host)
  if (away.length > 0)
    return { do: 'wait', why: `nobody is in a set, but not all answer: ${away.join(', ')}` }
  if (memory.setId !== undefined) {
    return {
      do: 'refuse',
      why: `all members are empty, and the set ${memory.setId} is gone; are its volumes mounted?`,
    }
  }
  const begins = members.find(({ host }) => host === first)
  if (!begins)
    return {
      do: 'refuse',
      why: 'no single member is the first; say which by SERVICE_MONGODB_FIRST',
    }
  const member = {
    _id: 1,
    host: begins.host,
    tags: { portolan: begins.key, portolanHighestId: '1' },
  }
  return {
    do: 'initiate',
    host: begins.host,
    config: { _id: name, version: 1, members: [member] },
    why: 'no set yet',
  }
}

/**
 * @param {Situation} situation
 * @returns {Step}
 */
function change(situation) {
  const primary = primaryOf(situation.seen)
  if (!primary) return { do: 'wait', why: 'there is no primary that answers' }
  const { host, config, status } = primary
  // mongod waits for this, too; here it makes the version a guard: what follows a committed config has a higher one
  if (!isCommitted(config, status))
    return { do: 'wait', why: 'a majority has not taken over the last change yet' }
  /** @type {Scene} */
  const scene = { ...situation, config, status, matches: matchOf({ ...situation, config }) }
  const waits = []
  for (const kind of [rehosted, removed, raised, lowered, added]) {
    /** @type {Change} */
    const { next, why } = kind(scene)
    if (next) return { do: 'reconfig', host, config: next, why: why.join('; ') }
    waits.push(...why)
  }
  if (waits.length > 0) return { do: 'wait', why: waits.join('; ') }
  return { do: 'nothing', why: 'the set is as it ought to be' }
}

/**
 * Of several that say so, one that was separated from the others does not know yet: its term is lower.
 *
 * @param {ReadonlyMap<string, Seen>} seen
 */
function primaryOf(seen) {
  const all = [...seen].flatMap(([host, one]) =>
    one.is === 'member' && one.status ? [{ host, config: one.config, status: one.status }] : [],
  )
  return all.toSorted((a, b) => newestFirst(a.config, b.config))[0]
}

/**
 * @param {Config} a
 * @param {Config} b
 */
function newestFirst(a, b) {
  return Number(b.term) - Number(a.term) || b.version - a.version
}

module.exports = { nextStep }
