import type { Config, Member } from '../../../templates/mongodb-replica-set/replica-set-config.cjs'

/** What mongod answers when it will not do a command; the codes are its own. */
export class Refusal extends Error {
  readonly code: number
  readonly codeName: string
  constructor(code: number, codeName: string, message: string) {
    super(message)
    this.code = code
    this.codeName = codeName
  }
}

export type Initial = Pick<Config, '_id' | 'version' | 'members'>

/** Throws if mongod would not begin a set with `config` at `host`. */
export function checkInitiate(config: Initial, host: string): void {
  checkMembers(config.members)
  if (config.version !== 1) throw incompatible('an initial configuration has version 1')
  checkSelf(config.members, host)
}

/**
 * Throws if mongod would not replace `old` by `next` at the primary `host` without force: the rules of "Self-Managed
 * Replica Set Configuration" and "replSetReconfig" in MongoDB's manual.
 */
export function checkReconfig(old: Config, next: Config, host: string): void {
  checkMembers(next.members)
  if (next.version <= old.version) {
    throw incompatible(`version ${next.version} is not greater than ${old.version}`)
  }
  if (next._id !== old._id) throw incompatible('the name of the set differs')
  if (next.settings.replicaSetId.toHexString() !== old.settings.replicaSetId.toHexString()) {
    throw incompatible('replicaSetId differs')
  }
  for (const member of next.members) {
    const same = old.members.find((one) => one.host === member.host)
    if (same && same._id !== member._id) throw incompatible(`${member.host} has another _id`)
  }
  const changed = votersOf(old).symmetricDifference(votersOf(next))
  if (changed.size > 1) throw incompatible('only one voting member may be added or removed')
  checkSelf(next.members, host)
}

export function votersOf({ members }: Pick<Config, 'members'>): Set<number> {
  return new Set(members.filter(isVoter).map(({ _id }) => _id))
}

export function isVoter({ votes = 1 }: Member): boolean {
  return votes === 1
}

export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1
}

function isElectable(member: Member): boolean {
  return isVoter(member) && (member.priority ?? 1) > 0 && !member.arbiterOnly
}

function checkMembers(members: readonly Member[]) {
  if (members.length === 0 || members.length > 50) throw invalid('1 to 50 members')
  if (new Set(members.map(({ _id }) => _id)).size < members.length) throw invalid('an _id twice')
  if (new Set(members.map(({ host }) => host)).size < members.length) throw invalid('a host twice')
  for (const { _id, votes = 1, priority = 1, arbiterOnly, tags } of members) {
    if (!Number.isInteger(_id) || _id < 0 || _id > 255) throw invalid(`_id ${_id}`)
    if (votes !== 0 && votes !== 1) throw invalid(`votes ${votes}`)
    if (votes === 0 && priority > 0) throw invalid('priority must be 0 when non-voting')
    if (arbiterOnly && Object.keys(tags ?? {}).length > 0)
      throw invalid('arbiters can not have tags')
  }
  const voters = members.filter(isVoter).length
  if (voters < 1 || voters > 7) throw invalid(`${voters} voting members`)
}

function checkSelf(members: readonly Member[], host: string) {
  const self = members.find((one) => one.host === host)
  if (!self) throw new Refusal(74, 'NodeNotFound', `no host maps to this node, ${host}`)
  if (!isElectable(self)) throw new Refusal(191, 'NodeNotElectable', `${host} is not electable`)
}

function incompatible(message: string) {
  return new Refusal(103, 'NewReplicaSetConfigurationIncompatible', message)
}

function invalid(message: string) {
  return new Refusal(93, 'InvalidReplicaSetConfig', message)
}
