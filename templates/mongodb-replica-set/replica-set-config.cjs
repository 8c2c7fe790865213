// @ts-check
'use strict'

/**
 * @typedef {{
 *   _id: number, host: string, votes?: number, priority?: number, arbiterOnly?: boolean, hidden?: boolean,
 *   buildIndexes?: boolean, secondaryDelaySecs?: unknown, tags?: Readonly<Record<string, string>>,
 * }} Member
 */

/**
 * A set's configuration, as replSetGetConfig gives it.
 *
 * @typedef {{
 *   _id: string, version: number, term: unknown, members: readonly Member[],
 *   settings: { replicaSetId: { toHexString(): string } },
 * }} Config
 */

/**
 * What replSetGetStatus of a primary says of its members; `name` is their host.
 *
 * @typedef {{
 *   members: readonly { name: string, health: number, state: number, configVersion: number, configTerm: unknown }[],
 * }} Status
 */

/** MongoDB's own limits. */
const limits = { voters: 7, members: 50, id: 255 }

const states = { primary: 1, secondary: 2, arbiter: 7 }

/** @param {Config} config */
function setIdOf({ settings }) {
  return settings.replicaSetId.toHexString()
}

/** @param {Member} member */
function isVoter({ votes }) {
  return votes !== 0
}

/** @param {number} count */
function majorityOf(count) {
  return Math.floor(count / 2) + 1
}

/**
 * @param {Status} status
 * @param {Member} member
 */
function stateOf(status, { host }) {
  const found = status.members.find(({ name }) => name === host)
  return found && found.health === 1 ? found.state : undefined
}

/**
 * Whether it is up, and does its part.
 *
 * @param {Status} status
 * @param {Member} member
 */
function isHealthy(status, member) {
  const state = stateOf(status, member)
  return state === states.primary || state === states.secondary || state === states.arbiter
}

/**
 * Whether a majority of the voters has installed `config`: then no later one can come to be without it.
 *
 * @param {Config} config
 * @param {Status} status
 */
function isCommitted({ version, term, members }, status) {
  const voters = members.filter(isVoter)
  const have = voters.filter(({ host }) => {
    const found = status.members.find(({ name }) => name === host)
    return (
      found?.health === 1 &&
      found.configVersion === version &&
      Number(found.configTerm) === Number(term)
    )
  })
  return have.length >= majorityOf(voters.length)
}

/**
 * Whether those that are up are enough to decide in `config`.
 *
 * @param {Pick<Config, 'members'>} config
 * @param {Status} status
 */
function hasMajority({ members }, status) {
  const voters = members.filter(isVoter)
  return voters.filter((one) => isHealthy(status, one)).length >= majorityOf(voters.length)
}

/**
 * The highest `_id` that any member of the set has ever had: an `_id` is never given again.
 *
 * @param {Pick<Config, 'members'>} config
 */
function highestIdOf({ members }) {
  const marks = members.map(({ tags }) => Number(tags?.['portolanHighestId'] ?? 0))
  return Math.max(...members.map(({ _id }) => _id), ...marks.filter(Number.isInteger))
}

/**
 * `config` with other members, one version on. The mark of the highest `_id` goes with it, so that it changes with the
 * members or not at all.
 *
 * @param {Config} config
 * @param {readonly Member[]} members
 * @returns {Config}
 */
function withMembers(config, members) {
  const highest = String(Math.max(highestIdOf(config), highestIdOf({ members })))
  const marked = members.map((one) =>
    // arbiters may have no tags
    one.arbiterOnly ? one : { ...one, tags: { ...one.tags, portolanHighestId: highest } },
  )
  return { ...config, version: config.version + 1, members: marked }
}

module.exports = {
  hasMajority,
  highestIdOf,
  isCommitted,
  isHealthy,
  isVoter,
  limits,
  setIdOf,
  stateOf,
  states,
  withMembers,
}
