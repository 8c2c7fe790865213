import type { Config } from '../../../templates/mongodb-replica-set/replica-set-config.cjs'
import {
  haveMajority,
  idOf,
  isNewer,
  isSame,
  type Node,
  reaches,
  selfIn,
  stateOf,
  states,
} from './node.ts'

/** The mongods that there are, by host. */
export type Network = Map<string, Node>

/** Whether a majority of those who vote in the config of `node` has it, as far as `node` knows. */
export function isCommitted(network: Network, node: Node, config: Config): boolean {
  return haveMajority(config, (host) => {
    const other = network.get(host)
    return other !== undefined && reaches(node, other) && isSame(other.config, config)
  })
}

/** A round of heartbeats and what follows: configs spread, data is copied, primaries step down and are elected. */
export function round(network: Network): void {
  for (const node of network.values()) {
    for (const other of network.values())
      if (node !== other && reaches(node, other)) beat(node, other)
  }
  for (const node of network.values()) {
    if (node.up && node.syncing > 0 && hasPrimary(network, node)) node.syncing -= 1
    if (node.isPrimary && !mayLead(network, node)) node.isPrimary = false
  }
  for (const node of network.values()) stand(network, node)
}

/** `node` asks `other`, if that is in its config; each takes over what is newer. */
function beat(node: Node, other: Node) {
  const { config } = node
  if (!config?.members.some(({ host }) => host === other.host)) return
  if (!other.config) {
    other.syncing = 2
    take(other, config)
  }
  if (!other.config || idOf(other.config) !== idOf(config)) return
  if (isNewer(other.config, config)) take(node, other.config)
  else if (isNewer(config, other.config)) take(other, config)
  const term = Math.max(node.term, other.term)
  for (const one of [node, other]) {
    if (one.term < term) one.isPrimary = false
    one.term = term
  }
}

function take(node: Node, config: Config) {
  node.config = config
  if (!selfIn(node)) node.isPrimary = false
}

function hasPrimary(network: Network, node: Node) {
  return [...network.values()].some((one) => one.isPrimary && reaches(node, one))
}

function mayLead(network: Network, node: Node) {
  const self = selfIn(node)
  if (!node.up || !node.config || !self || self.priority === 0) return false
  return haveMajority(node.config, (host) => {
    const other = network.get(host)
    return other !== undefined && reaches(node, other) && other.config !== undefined
  })
}

/** Becomes primary if nobody is, and a majority of its config votes for it. */
function stand(network: Network, node: Node) {
  const { config } = node
  if (!config || node.isPrimary || stateOf(node) !== states.secondary) return
  if (selfIn(node)?.priority === 0 || !node.up || hasPrimary(network, node)) return
  const inFavour = [...network.values()].filter((one) => votesFor(one, node, config))
  if (!haveMajority(config, (host) => inFavour.some((one) => one.host === host))) return
  const term = Math.max(...inFavour.map((one) => one.term)) + 1
  for (const one of inFavour) one.term = term
  node.isPrimary = true
  node.config = { ...config, term }
}

function votesFor(one: Node, candidate: Node, config: Config) {
  if (!reaches(one, candidate) || !one.config || idOf(one.config) !== idOf(config)) return false
  return one.syncing === 0 && !isNewer(one.config, config)
}
