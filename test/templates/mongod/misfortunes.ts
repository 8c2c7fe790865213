import type { Chance } from './chance.ts'
import { type Network, round } from './network.ts'
import { haveMajority, newNode, type Node } from './node.ts'
import { isVoter } from './rules.ts'

/** A container's place: its name stays, its address may change, and it may lose its data. */
export type Container = { readonly ordinal: number; readonly host: string; readonly key: string }

export type World = {
  readonly luck: Chance
  readonly network: Network
  containers: readonly Container[]
  /** All lists of containers that there have been. */
  readonly catalogs: (readonly Container[])[]
}

export function newWorld(luck: Chance): World {
  const world: World = { luck, network: new Map(), containers: [], catalogs: [] }
  for (const ordinal of [1, 2, 3]) join(world, ordinal)
  return world
}

/** What may happen to a set, of which it must be able to bear each. */
export const misfortunes: readonly ((world: World) => void)[] = [
  ...Array<(world: World) => void>(6).fill(({ network }) => round(network)),
  scale,
  scale,
  scale,
  recreate,
  wipe,
  crash,
  crash,
  split,
  heal,
  heal,
]

export function nodeOf({ network }: World, { host }: Container): Node {
  const node = network.get(host)
  if (!node) throw new Error(`no node ${host}`)
  return node
}

export function heal({ network }: World): void {
  for (const node of network.values()) node.group = 0
}

function split({ network, luck }: World) {
  for (const node of network.values()) node.group = luck.upTo(4) === 0 ? 1 : 0
}

function join(world: World, ordinal: number) {
  const container = { ordinal, host: hostOf(ordinal, 0), key: `h1/shop-mongo-${ordinal}` }
  const { host } = container
  if (!world.network.get(host)) world.network.set(host, newNode(host))
  nodeOf(world, container).up = true
  become(world, [...world.containers, container])
}

/** As Compose does: up by the next number, down by the last. */
function scale(world: World) {
  const { containers, luck } = world
  const last = containers.at(-1)
  if (last && containers.length > 3 && luck.is(0.5)) {
    if (!canSpare(world, nodeOf(world, last))) return
    nodeOf(world, last).up = false
    become(world, containers.slice(0, -1))
  } else if (containers.length < 9) join(world, (last?.ordinal ?? 0) + 1)
}

/** The same data behind another address. */
function recreate(world: World) {
  const { containers, luck, network } = world
  const old = luck.one(containers)
  if (!old) return
  const node = nodeOf(world, old)
  // of two voters neither may move: there would be no majority left to say so
  if (!canSpare(world, node) || !hasVoters(node)) return
  const [, generation = '0'] = /\.(\d+):/.exec(old.host) ?? []
  const moved = { ...old, host: hostOf(old.ordinal, Number(generation) + 1) }
  network.set(moved.host, { ...node, host: moved.host, isPrimary: false, up: true })
  network.delete(old.host)
  become(
    world,
    containers.map((one) => (one === old ? moved : one)),
  )
}

function wipe(world: World) {
  const one = world.luck.one(world.containers)
  if (!one) return
  const node = nodeOf(world, one)
  if (!canSpare(world, node) || !hasVoters(node)) return
  Object.assign(node, { config: undefined, isPrimary: false, syncing: 0 })
}

/** Or a start again. */
function crash(world: World) {
  const one = world.luck.one(world.containers)
  if (!one) return
  const node = nodeOf(world, one)
  if (node.up && !canSpare(world, node)) return
  node.up = !node.up
  if (!node.up) node.isPrimary = false
}

function become(world: World, containers: readonly Container[]) {
  world.containers = containers
  world.catalogs.push(containers)
}

function hostOf(ordinal: number, generation: number) {
  return `shop-mongo-${ordinal}.${generation}:27017`
}

function hasVoters({ config }: Node) {
  return (config?.members.filter(isVoter).length ?? 0) >= 3
}

/** Whether the set can do without `lost`, wherever one of its configs is believed. */
function canSpare(world: World, lost: Node) {
  const nodes = world.containers.map((one) => nodeOf(world, one))
  return nodes.every(({ config, up, host }) => {
    if (!up || !config?.members.some((one) => one.host === host)) return true
    return haveMajority(config, (name) => {
      const node = world.network.get(name)
      return node?.up === true && node !== lost && node.config !== undefined && node.syncing === 0
    })
  })
}
