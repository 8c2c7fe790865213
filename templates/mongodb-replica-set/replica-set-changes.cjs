// @ts-check
'use strict'

/** @import { WantedMember } from './replica-set-wanted.cjs' */
/** @import { Config, Member, Status } from './replica-set-config.cjs' */
/** @import { Situation } from './replica-set-steps.cjs' */

const {
  hasMajority,
  highestIdOf,
  isHealthy,
  isVoter,
  limits,
  stateOf,
  states,
  withMembers,
} = require('./replica-set-config.cjs')

/** @typedef {ReadonlyMap<WantedMember, Member>} Matches */
/** @typedef {Situation & { config: Config, status: Status, matches: Matches }} Scene */

/**
 * One change of one member, and why; or why none can be made now.
 *
 * @typedef {{ next?: Config, why: string[] }} Change
 */

/**
 * Which member each wanted one is: the one with its host. Else the one that was made for the same container, if it has
 * only another address now; without its data it is somebody else.
 *
 * @param {Pick<Scene, 'wanted' | 'seen' | 'config'>} scene
 * @returns {Matches}
 */
function matchOf({ wanted, seen, config }) {
  const hosts = new Set(wanted.members.map(({ host }) => host))
  const matches = new Map()
  for (const one of wanted.members) {
    const found =
      config.members.find(({ host }) => host === one.host) ??
      config.members.find(({ host, tags }) => !hosts.has(host) && tags?.['portolan'] === one.key)
    if (found && (found.host === one.host || seen.get(one.host)?.is !== 'new'))
      matches.set(one, found)
  }
  return matches
}

/**
 * Since when members that nobody wants are missing, by host.
 *
 * @param {Situation & { config: Config }} scene
 * @returns {Readonly<Record<string, number>>}
 */
function missingIn(scene) {
  const { config, memory, now } = scene
  const wanted = new Set(matchOf(scene).values())
  const missing = config.members.filter((one) => isOurs(one) && !wanted.has(one))
  // a clock that was put back would make the grace longer than was asked for
  return Object.fromEntries(
    missing.map(({ host }) => [host, Math.min(memory.missing[host] ?? now, now)]),
  )
}

/**
 * A container that came back with its data and another address: the same member, the same `_id`.
 *
 * @param {Scene} scene
 * @returns {Change}
 */
function rehosted(scene) {
  const { config, status, seen, matches } = scene
  const why = []
  for (const [{ host, key }, member] of matches) {
    if (host === member.host) continue
    const is = seen.get(host)?.is
    if (is !== 'member') why.push(`${key} does not answer at ${host} yet`)
    else if (stateOf(status, member) !== undefined)
      why.push(`${key} is at ${host}, but ${member.host} answers as well`)
    else
      return safely(
        scene,
        replaced(config, member, { ...member, host }),
        `${key} is at ${host} now`,
      )
  }
  return { why }
}

/**
 * A member that nobody wants, that is down, and that has been missing for long enough.
 *
 * @param {Scene} scene
 * @returns {Change}
 */
function removed(scene) {
  const { config, status, wanted, memory, now } = scene
  const why = []
  for (const [host, since] of Object.entries(memory.missing)) {
    const member = config.members.find((one) => one.host === host)
    if (!member) continue
    const left = wanted.graceMs - (now - since)
    if (stateOf(status, member) !== undefined)
      why.push(`${host} has left, but it answers: it stays`)
    else if (left > 0) why.push(`${host} is missing: it is removed in ${Math.ceil(left / 1000)} s`)
    else if (config.members.length <= wanted.minimum)
      why.push(`${host} is missing: it stays until another has joined`)
    else
      return safely(
        scene,
        config.members.filter((one) => one !== member),
        `${host} has left`,
      )
  }
  return { why }
}

/**
 * A member that has all data gets its vote. The number of voters stays odd: it is raised only if two can get theirs, one
 * after the other.
 *
 * @param {Scene} scene
 * @returns {Change}
 */
function raised(scene) {
  const { config, status } = scene
  const voters = config.members.filter(isVoter).length
  if (voters >= votersFor(scene)) return { why: [] }
  const without = wantedMembers(scene).filter((one) => mayVote(one) && !isVoter(one))
  const ready = without.filter((one) => stateOf(status, one) === states.secondary)
  const [first] = ready
  if (!first || ready.length < (voters % 2 === 0 ? 1 : 2)) {
    const names = without.filter((one) => !ready.includes(one)).map(({ host }) => host)
    return {
      why: [
        `${voters} have a vote; the next ones are not ready: ${names.join(', ') || 'they are to join'}`,
      ],
    }
  }
  return safely(
    scene,
    replaced(config, first, { ...first, votes: 1, priority: 1 }),
    `${first.host} gets a vote`,
  )
}

/**
 * A voter too many loses its vote, so that their number is odd; only while all are known and up.
 *
 * @param {Scene} scene
 * @returns {Change}
 */
function lowered(scene) {
  const { config, status } = scene
  const voters = config.members.filter(isVoter)
  const known = wantedMembers(scene)
  const all =
    config.members.every((one) => known.includes(one)) &&
    voters.every((one) => isHealthy(status, one))
  if (!all || voters.length <= votersFor(scene)) return { why: [] }
  const last = voters.findLast((one) => mayVote(one) && stateOf(status, one) !== states.primary)
  if (!last) return { why: [] }
  return safely(
    scene,
    replaced(config, last, { ...last, votes: 0, priority: 0 }),
    `${last.host} gives up its vote`,
  )
}

/**
 * Somebody new, without a vote. It gets an `_id` that nobody ever had.
 *
 * @param {Scene} scene
 * @returns {Change}
 */
function added(scene) {
  const { config, wanted, seen, matches } = scene
  const why = []
  for (const one of wanted.members) {
    if (matches.has(one)) continue
    const found = seen.get(one.host) ?? { is: 'away', why: 'not asked' }
    const _id = highestIdOf(config) + 1
    if (found.is === 'away') why.push(`${one.host} is to join and does not answer: ${found.why}`)
    else if (config.members.length >= limits.members)
      why.push(`${one.host} can not join: ${limits.members} are the most`)
    else if (_id > limits.id)
      why.push(`${one.host} can not join: each _id up to ${limits.id} has been used`)
    else {
      const member = { _id, host: one.host, votes: 0, priority: 0, tags: { portolan: one.key } }
      return safely(scene, [...config.members, member], `${one.host} joins`)
    }
  }
  return { why }
}

/**
 * The change, if those that are up can decide before it and after it.
 *
 * @param {Scene} scene
 * @param {readonly Member[]} members
 * @param {string} why
 * @returns {Change}
 */
function safely({ config, status }, members, why) {
  const next = withMembers(config, members)
  if (hasMajority(config, status) && hasMajority(next, status)) return { next, why: [why] }
  return { why: [`${why}: not before a majority is up, with and without it`] }
}

/**
 * How many ought to vote: as many as may, an odd number, at most seven.
 *
 * @param {Scene} scene
 */
function votersFor({ wanted, matches }) {
  const may = wanted.members.filter((one) => {
    const member = matches.get(one)
    return !member || isVoter(member) || mayVote(member)
  })
  const count = Math.min(may.length, limits.voters)
  return count % 2 === 0 ? count - 1 : count
}

/** @param {Scene} scene */
function wantedMembers({ config, matches }) {
  const wanted = new Set(matches.values())
  return config.members.filter((one) => wanted.has(one))
}

/**
 * What others have added is theirs.
 *
 * @param {Member} member
 */
function isOurs({ tags }) {
  return tags?.['portolan'] !== undefined
}

/**
 * Whether it is ours to give it a vote or to take it.
 *
 * @param {Member} member
 */
function mayVote(member) {
  const { arbiterOnly, hidden, buildIndexes, secondaryDelaySecs } = member
  return (
    isOurs(member) &&
    !arbiterOnly &&
    !hidden &&
    buildIndexes !== false &&
    !Number(secondaryDelaySecs ?? 0)
  )
}

/**
 * @param {Config} config
 * @param {Member} old
 * @param {Member} now
 */
function replaced({ members }, old, now) {
  return members.map((one) => (one === old ? now : one))
}

module.exports = { added, lowered, matchOf, missingIn, raised, rehosted, removed }
