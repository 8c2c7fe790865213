// @ts-check
'use strict'

/** @import { Wanted } from './replica-set-wanted.cjs' */
/** @import { Memory, Seen, Step } from './replica-set-steps.cjs' */

const { nextStep } = require('./replica-set-steps.cjs')

const notYetInitialized = 94

/**
 * Runs a command on the database `admin` of the mongod at `host`, of that alone. Rejects with the server's `code`.
 *
 * @typedef {(host: string, command: Readonly<Record<string, unknown>>) => Promise<any>} Ask
 */

/**
 * Looks, does at most one step, and gives what to remember. Rejects when the server refuses the step: then somebody else
 * was faster, or a majority was away; the next pass sees it. Never forces anything.
 *
 * @param {{ ask: Ask, wanted: Wanted, memory: Memory, now: number }} options
 * @param {(memory: Memory) => void} remember Called before the step is done.
 * @returns {Promise<Step>}
 */
async function pass({ ask, wanted, memory, now }, remember) {
  const seen = await look(ask, wanted)
  const { step, memory: known } = nextStep({ wanted, seen, memory, now })
  remember(known)
  if (step.do === 'initiate') await ask(step.host, { replSetInitiate: step.config })
  // without a limit it would wait for a majority for ever; what it has done by then the next pass sees
  if (step.do === 'reconfig')
    await ask(step.host, { replSetReconfig: step.config, maxTimeMS: 30_000 })
  return step
}

/**
 * Asks all that are wanted, and all that these say are in their set: the primary may be one that is to leave.
 *
 * @param {Ask} ask
 * @param {Wanted} wanted
 */
async function look(ask, { members }) {
  /** @type {Map<string, Seen>} */
  const seen = new Map()
  let hosts = new Set(members.map(({ host }) => host))
  while (hosts.size > 0) {
    const found = await Promise.all(
      [...hosts].map(async (host) => ({ host, one: await seenAt(ask, host) })),
    )
    for (const { host, one } of found) seen.set(host, one)
    const told = found.flatMap(({ one }) => (one.is === 'member' ? one.config.members : []))
    hosts = new Set(told.map(({ host }) => host).filter((host) => !seen.has(host)))
  }
  return seen
}

/**
 * @param {Ask} ask
 * @param {string} host
 * @returns {Promise<Seen>}
 */
async function seenAt(ask, host) {
  try {
    const { isWritablePrimary } = await ask(host, { hello: 1 })
    const { config } = await ask(host, { replSetGetConfig: 1 })
    if (!isWritablePrimary) return { is: 'member', config }
    return { is: 'member', config, status: await ask(host, { replSetGetStatus: 1 }) }
  } catch (error) {
    const { code, message } = Object(error)
    // only this answer says that it is in no set: no answer, or a refused password, does not
    return code === notYetInitialized ? { is: 'new' } : { is: 'away', why: String(message) }
  }
}

module.exports = { pass }
