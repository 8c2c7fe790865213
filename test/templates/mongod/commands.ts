import { Long, ObjectId } from 'mongodb'

import type { Config, Member } from '../../../templates/mongodb-replica-set/replica-set-config.cjs'
import { isCommitted, type Network, round } from './network.ts'
import { haveMajority, type Node, reaches, selfIn, stateOf, states } from './node.ts'
import { checkInitiate, checkReconfig, type Initial, isVoter, Refusal } from './rules.ts'

/** What the tests want to hear of: a set that has begun, a config that has followed another. */
export type Listener = {
  initiated?(node: Node, config: Config): void
  reconfigured?(node: Node, old: Config, next: Config): void
}

/** What the mongod at `host` answers. Throws `Refusal`, or any other error if nobody answers there. */
export function answer(
  network: Network,
  host: string,
  command: Readonly<Record<string, unknown>>,
  listener: Listener = {},
): Record<string, unknown> {
  const node = network.get(host)
  if (!node?.up) throw new Error(`connect ECONNREFUSED ${host}`)
  const [name = ''] = Object.keys(command)
  if (/^(hello|ismaster)$/i.test(name)) return { ok: 1, ...hello(network, node) }
  if (/^(ping|endSessions|insert)$/.test(name)) {
    if (name === 'insert' && !node.isPrimary) throw notPrimary(node)
    return { ok: 1, n: 1, by: host }
  }
  if (name === 'replSetInitiate') return initiate(node, initialOf(command[name]), listener)
  if (!node.config)
    throw new Refusal(94, 'NotYetInitialized', 'no replset config has been received')
  if (name === 'replSetGetConfig')
    return { ok: 1, config: { ...node.config, term: Long.fromNumber(Number(node.config.term)) } }
  if (name === 'replSetGetStatus') return { ok: 1, ...status(network, node, node.config) }
  if (name !== 'replSetReconfig') throw new Refusal(59, 'CommandNotFound', `no command ${name}`)
  if (command['force'] !== undefined) throw new Error('nobody may force')
  return reconfig(network, node, configOf(command[name]), listener)
}

function initiate(node: Node, config: Initial, listener: Listener) {
  if (node.config) throw new Refusal(23, 'AlreadyInitialized', 'already initialized')
  checkInitiate(config, node.host)
  const members = config.members.map(explicit)
  node.config = { ...config, members, term: 1, settings: { replicaSetId: new ObjectId() } }
  node.term = 1
  node.isPrimary = true
  listener.initiated?.(node, node.config)
  return { ok: 1 }
}

function reconfig(network: Network, node: Node, wanted: Config, listener: Listener) {
  const { config: old } = node
  if (!old || !node.isPrimary) throw notPrimary(node)
  if (!isCommitted(network, node, old)) {
    throw new Refusal(308, 'CurrentConfigNotCommittedYet', 'the current config is not committed')
  }
  checkReconfig(old, wanted, node.host)
  const isThere = (host: string) => {
    const other = network.get(host)
    return other !== undefined && reaches(node, other)
  }
  if (!haveMajority(wanted, isThere)) throw new Refusal(74, 'NodeNotFound', 'quorum check failed')
  const next = { ...wanted, members: wanted.members.map(explicit), term: node.term }
  listener.reconfigured?.(node, old, next)
  node.config = next
  round(network)
  // it is in force all the same: only the wait for the others has ended
  if (!isCommitted(network, node, next)) throw new Refusal(50, 'MaxTimeMSExpired', 'timed out')
  return { ok: 1 }
}

/** A member as mongod gives it back: with all defaults. */
function explicit(member: Member): Member {
  const flags = { arbiterOnly: false, buildIndexes: true, hidden: false }
  return { ...flags, votes: 1, priority: 1, tags: {}, secondaryDelaySecs: Long.ZERO, ...member }
}

/** All that a driver needs to know the set: "hello" in MongoDB's manual. */
function hello(network: Network, node: Node) {
  const { config, host } = node
  const common = {
    maxBsonObjectSize: 16_777_216,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 100_000,
  }
  const wire = {
    ...common,
    localTime: new Date(),
    minWireVersion: 0,
    maxWireVersion: 21,
    readOnly: false,
  }
  const self = selfIn(node)
  if (!config || !self)
    return { ...wire, isWritablePrimary: false, secondary: false, isreplicaset: true }
  const hostsOf = (electable: boolean) =>
    config.members.filter(({ priority = 1 }) => priority > 0 === electable).map((one) => one.host)
  const primary = [...network.values()].find((one) => one.isPrimary && reaches(node, one))
  return {
    ...wire,
    setName: config._id,
    setVersion: config.version,
    me: host,
    hosts: hostsOf(true),
    passives: hostsOf(false),
    isWritablePrimary: node.isPrimary,
    secondary: stateOf(node) === states.secondary,
    logicalSessionTimeoutMinutes: 30,
    ...(primary && { primary: primary.host }),
    ...(node.isPrimary && { electionId: new ObjectId(node.term.toString(16).padStart(24, '0')) }),
  }
}

function status(network: Network, node: Node, config: Config) {
  const members = config.members.map((member) => {
    const other = network.get(member.host)
    const there = other !== undefined && reaches(node, other)
    return {
      _id: member._id,
      name: member.host,
      health: there ? 1 : 0,
      state: there ? stateOf(other) : states.down,
      configVersion: (there && other.config?.version) || -1,
      configTerm: Long.fromNumber(Number((there && other.config?.term) || -1)),
      votes: isVoter(member) ? 1 : 0,
    }
  })
  return { set: config._id, myState: stateOf(node), members }
}

function notPrimary({ host }: Node) {
  return new Refusal(10_107, 'NotWritablePrimary', `${host} is not primary`)
}

// what a command carries is checked by the rules, as mongod does it

function initialOf(value: unknown): Initial {
  const { _id, version, members }: Initial = Object(value)
  return { _id, version, members }
}

function configOf(value: unknown): Config {
  const config: Config = Object(value)
  return config
}
