import { setImmediate } from 'node:timers/promises'

import type { Config } from '../../../templates/mongodb-replica-set/replica-set-config.cjs'
import { type Ask, pass } from '../../../templates/mongodb-replica-set/replica-set-pass.cjs'
import type { Memory } from '../../../templates/mongodb-replica-set/replica-set-steps.cjs'
import { answer, type Listener } from './commands.ts'
import { type Network, round } from './network.ts'
import { haveMajority, isNewer, newNode, type Node } from './node.ts'
import { isVoter } from './rules.ts'

export type Chance = {
  /** A whole number from 0 to `below` - 1. */
  upTo(below: number): number
  one<T>(list: readonly T[]): T | undefined
  is(share: number): boolean
}

/** Numbers that look random and are the same for the same `seed` (mulberry32). */
export function chance(seed: number): Chance {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const upTo = (below: number) => Math.floor(next() * below)
  return { upTo, one: (list) => list[upTo(list.length)], is: (share) => next() < share }
}

export type Run = {
  /** That many events: of the network, of containers, and of side-cars, which run at the same time. */
  storm(events: number): Promise<void>
  /** Nothing more happens; passes until nothing is left to do, 300 at most. */
  calm(): Promise<{ wanted: string[]; config: Config | undefined; last: string }>
}

const graceMs = 60_000
const hostOf = (ordinal: number, generation: number) => `shop-mongo-${ordinal}.${generation}:27017`

/** A container's place: its name stays, its address may change, and it may lose its data. */
type Container = { ordinal: number; host: string; key: string }

export function chaos(luck: Chance, listener: Listener): Run {
  const network: Network = new Map()
  let containers: Container[] = []
  const catalogs: Container[][] = []
  const pending: (() => void)[] = []
  const memories: Memory[] = [{ missing: {} }, { missing: {} }]
  let now = 1_000_000
  let last = ''
  let running = 0

  const join = (ordinal: number) => {
    const container = { ordinal, host: hostOf(ordinal, 0), key: `h1/shop-mongo-${ordinal}` }
    if (!network.get(container.host)) network.set(container.host, newNode(container.host))
    nodeOf(container).up = true
    containers = [...containers, container]
    catalogs.push(containers)
  }
  const nodeOf = ({ host }: Container) => {
    const node = network.get(host)
    if (!node) throw new Error(`no node ${host}`)
    return node
  }
  for (const ordinal of [1, 2, 3]) join(ordinal)

  /** A side-car's pass: each of its questions waits for its turn, and answers may be lost. */
  const passOf = async (at: number, catalog: readonly Container[], isCalm: boolean) => {
    const group = luck.upTo(4) === 0 ? 1 : 0
    const ask: Ask = async (host, command) => {
      if (!isCalm) await new Promise<void>((resolve) => pending.push(resolve))
      if (!isCalm && (network.get(host)?.group ?? 0) !== group) throw new Error('unreachable')
      const reply = answer(network, host, command, listener)
      if (!isCalm && luck.is(0.05)) throw new Error('the answer was lost')
      return reply
    }
    const members = catalog.map(({ host, key }) => ({ host, key }))
    const first = catalog.find(({ ordinal }) => ordinal === 1)?.host
    const wanted = { name: 'rs0', minimum: 3, graceMs, members, first }
    const memory = memories[at] ?? { missing: {} }
    try {
      const step = await pass({ ask, wanted, memory, now }, (known) => (memories[at] = known))
      last = step.do
    } catch {
      last = 'failed'
    }
  }

  /** Whether the set can do without these nodes, wherever one of its configs is believed. */
  const canSpare = (lost: readonly Node[]) =>
    containers.map(nodeOf).every(({ config, up, host }) => {
      if (!up || !config?.members.some((one) => one.host === host)) return true
      return haveMajority(config, (name) => {
        const node = network.get(name)
        return (
          node?.up === true &&
          !lost.includes(node) &&
          node.config !== undefined &&
          node.syncing === 0
        )
      })
    })

  const scale = () => {
    const high = containers.at(-1)
    if (high && containers.length > 3 && luck.is(0.5)) {
      if (!canSpare([nodeOf(high)])) return
      nodeOf(high).up = false
      containers = containers.slice(0, -1)
      catalogs.push(containers)
    } else if (containers.length < 9) join((high?.ordinal ?? 0) + 1)
  }

  const recreate = () => {
    const old = luck.one(containers)
    // of two voters neither may move: there would be no majority left to say so
    if (!old || !canSpare([nodeOf(old)]) || !hasVoters(nodeOf(old))) return
    const [, generation = '0'] = /\.(\d+):/.exec(old.host) ?? []
    const now = { ...old, host: hostOf(old.ordinal, Number(generation) + 1) }
    // the same data behind another address
    network.set(now.host, { ...nodeOf(old), host: now.host, isPrimary: false, up: true })
    network.delete(old.host)
    containers = containers.map((one) => (one === old ? now : one))
    catalogs.push(containers)
  }

  const wipe = () => {
    const one = luck.one(containers)
    if (!one || !canSpare([nodeOf(one)]) || !hasVoters(nodeOf(one))) return
    Object.assign(nodeOf(one), { config: undefined, isPrimary: false, syncing: 0 })
  }
  const hasVoters = ({ config }: Node) => (config?.members.filter(isVoter).length ?? 0) >= 3

  const crash = () => {
    const node = luck.one([...network.values()])
    if (!node || !containers.some(({ host }) => host === node.host)) return
    if (node.up && !canSpare([node])) return
    node.up = !node.up
    if (!node.up) node.isPrimary = false
  }

  const split = () => {
    for (const node of network.values()) node.group = luck.upTo(4) === 0 ? 1 : 0
  }
  const heal = () => {
    for (const node of network.values()) node.group = 0
  }

  const sidecar = () => {
    if (running >= 3) return
    const at = luck.upTo(2)
    // at times it has an old catalog, and at times it has lost its memory
    const catalog = luck.is(0.8) ? containers : (luck.one(catalogs) ?? containers)
    if (luck.is(0.02)) memories[at] = { missing: {} }
    running += 1
    void passOf(at, catalog, false).finally(() => (running -= 1))
  }

  const answerOne = () => {
    const [turn] = pending.splice(luck.upTo(pending.length), 1)
    turn?.()
  }

  const events: (() => void)[] = [
    ...Array<() => void>(24).fill(answerOne),
    ...Array<() => void>(6).fill(() => round(network)),
    ...Array<() => void>(4).fill(sidecar),
    ...[scale, scale, scale, recreate, wipe, crash, crash, split, heal, heal],
  ]
  return {
    async storm(count) {
      for (let at = 0; at < count; at += 1) {
        now += luck.upTo(10_000)
        luck.one(events)?.()
        // what was answered goes on until it asks again
        await setImmediate()
      }
      while (pending.length > 0) {
        answerOne()
        await setImmediate()
      }
    },
    async calm() {
      heal()
      for (const one of containers) nodeOf(one).up = true
      for (let at = 0; at < 300 && (at < 20 || last !== 'nothing'); at += 1) {
        for (let beats = 0; beats < 3; beats += 1) round(network)
        now += 10_000
        await passOf(0, containers, true)
      }
      const configs = [...network.values()].flatMap(({ config }) => config ?? [])
      const config = configs.toSorted((a, b) => (isNewer(a, b) ? -1 : 1))[0]
      return { wanted: containers.map(({ host }) => host), config, last }
    },
  }
}
