import type { Config, Member } from '../../../templates/mongodb-replica-set/replica-set-config.cjs'
import { isVoter, majorityOf } from './rules.ts'

/** One mongod: what it has on disk, and what it is now. */
export type Node = {
  readonly host: string
  up: boolean
  /** Only nodes of one group reach each other. */
  group: number
  config: Config | undefined
  term: number
  isPrimary: boolean
  /** Rounds until it has all data. */
  syncing: number
}

export const states = { startup: 0, primary: 1, secondary: 2, startup2: 5, down: 8, removed: 10 }

export function newNode(host: string): Node {
  return { host, up: true, group: 0, config: undefined, term: 0, isPrimary: false, syncing: 0 }
}

export function reaches(a: Node, b: Node): boolean {
  return a === b ? a.up : a.up && b.up && a.group === b.group
}

export function selfIn({ config, host }: Node): Member | undefined {
  return config?.members.find((one) => one.host === host)
}

export function stateOf(node: Node): number {
  if (!node.config) return states.startup
  if (!selfIn(node)) return states.removed
  if (node.isPrimary) return states.primary
  return node.syncing > 0 ? states.startup2 : states.secondary
}

/** Whether `a` is newer than `b`: by term, then by version. */
export function isNewer(a: Config, b: Config): boolean {
  const [termA, termB] = [Number(a.term), Number(b.term)]
  return termA === termB ? a.version > b.version : termA > termB
}

export function isSame(a: Config | undefined, b: Config): boolean {
  return a !== undefined && !isNewer(a, b) && !isNewer(b, a)
}

export function idOf({ settings }: Config): string {
  return settings.replicaSetId.toHexString()
}

/** Whether those for which `counts` holds are a majority of the voters of `config`. */
export function haveMajority({ members }: Config, counts: (host: string) => boolean): boolean {
  const voters = members.filter(isVoter)
  return voters.filter(({ host }) => counts(host)).length >= majorityOf(voters.length)
}
