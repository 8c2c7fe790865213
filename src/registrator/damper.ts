import { anyChange, type Live, live } from '../core/live.ts'
import type { Problem } from '../core/problems.ts'
import type { Container, Containers } from '../docker/docker.ts'
import {
  firstSeen,
  isForgotten,
  isHeld,
  isLooping,
  type Life,
  nextChangeMs,
  seen,
} from './flaps.ts'

export type DamperOptions = {
  readonly containers: Live<Containers>
  readonly report: (part: string, problems: readonly Problem[]) => void
}

export type Damper = {
  /** As they came, but one that crashes again and again is `starting` until it has lasted for a while. */
  readonly containers: Live<Containers>
  /** Follows the containers until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
}

type Known = Extract<Containers, { kind: 'known' }>
type Lives = ReadonlyMap<string, Life>

/**
 * Keeps a container that dies soon after each start away from requests, longer each time. What is not held back
 * keeps its identity, and while nobody is, the containers are passed on as they are.
 */
export function damper({ containers, report }: DamperOptions): Damper {
  const shown = live(containers.current)
  const ticks = live(0)
  let lives: Lives | undefined
  let held: ReadonlyMap<Container, Container> = new Map()
  let last: Containers = containers.current

  /** Gives the time at which to look again. */
  function step(current: Known, nowMs: number): number {
    const now = livesOf(lives, current.byId, nowMs)
    lives = now
    const next = heldOf(current, now, held, nowMs)
    if (current !== last || next.size !== held.size) shown.set(withHeld(current, next))
    held = next
    last = current
    const looping = [...now.values()].filter((life) => isLooping(life, nowMs))
    report('crash-loops', looping.map(crashLoop))
    return [...now.values()].reduce((at, life) => Math.min(at, nextChangeMs(life, nowMs)), Infinity)
  }

  return {
    containers: shown,
    async run(signal) {
      let timer: NodeJS.Timeout | undefined
      for await (const _ of anyChange([containers, ticks], signal)) {
        clearTimeout(timer)
        const { current } = containers
        if (current.kind === 'unknown') continue
        const nowMs = performance.now()
        const lookMs = step(current, nowMs) - nowMs
        // a timer may fire a moment early: a millisecond more makes sure that its time has come
        if (lookMs < Infinity) timer = setTimeout(() => ticks.set(ticks.current + 1), lookMs + 1)
      }
      clearTimeout(timer)
    },
  }
}

/** The containers of the very first reading ran before; nobody knows for how long. */
function livesOf(before: Lives | undefined, byId: Known['byId'], nowMs: number): Lives {
  const gone = [...(before ?? [])].filter(([id]) => !byId.has(id))
  const stayed = [...byId].map(([id, container]): [string, Life] => {
    const life = before?.get(id)
    const next = life
      ? seen(life, container, nowMs)
      : firstSeen(container, nowMs, before === undefined)
    return [id, next]
  })
  const ended = gone.map(([id, life]): [string, Life] => [id, seen(life, undefined, nowMs)])
  return new Map([...stayed, ...ended.filter(([, life]) => !isForgotten(life, nowMs))])
}

/** Each container that is held back now, and as what it is shown. */
function heldOf(
  { byId }: Known,
  lives: Lives,
  before: ReadonlyMap<Container, Container>,
  nowMs: number,
): ReadonlyMap<Container, Container> {
  const pairs = [...byId.values()].flatMap((one): [Container, Container][] => {
    const life = lives.get(one.id)
    if (!life || !isHeld(life, nowMs)) return []
    return [[one, before.get(one) ?? heldBack(one)]]
  })
  return new Map(pairs)
}

function heldBack(container: Container): Container {
  const up = container.health === 'none' || container.health === 'healthy'
  return up ? { ...container, health: 'starting' } : container
}

function withHeld(current: Known, held: ReadonlyMap<Container, Container>): Known {
  if (held.size === 0) return current
  const byId = new Map([...current.byId].map(([id, one]) => [id, held.get(one) ?? one]))
  return { ...current, byId }
}

function crashLoop({ name, holdMs }: Life): Problem {
  return {
    severity: 'warning',
    where: `container ${name}`,
    what: 'it starts and dies again and again',
    why: `it died within seconds of its start at least three times; it gets requests after ${holdMs / 1000} s up`,
    remedy: `see why it ends: docker logs ${name}`,
  }
}
