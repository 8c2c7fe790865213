import { isDeepStrictEqual } from 'node:util'

import type { MutableLive } from '../core/live.ts'
import type { Chart } from './chart.ts'
import type { Container, Containers, Engine } from './docker.ts'
import { withJoinedNetworks } from './networks.ts'
import type { Timers } from './timers.ts'

export type Publisher = {
  /** Something changed: is published at once, or `within` some ms for what may wait for more of its kind. */
  changed(when: 'now' | 'within'): void
  /** All containers of `engine` have been read once: from now on what the chart says is all there is. */
  complete(engine: Engine): void
}

/** Additions that come in a burst are published together; one that comes alone isn't delayed. */
const withinMs = 20

/** Publishes the chart. Nothing before the first `complete`. */
export function publisher(
  containers: MutableLive<Containers>,
  chart: Pick<Chart, 'containers'>,
  ownIds: readonly string[],
  timers: Timers,
): Publisher {
  let engine: Engine | undefined
  let last: ReadonlyMap<string, Container> = new Map()

  const publish = () => {
    if (!engine) return
    timers.clear('publish')
    last = withJoinedNetworks(chart.containers(), last)
    const self = ownIds.find((id) => last.has(id))
    containers.set({ kind: 'known', engine, byId: last, self })
  }
  return {
    changed(when) {
      if (when === 'now') publish()
      else if (!timers.has('publish')) timers.set('publish', withinMs, publish)
    },
    complete(next) {
      const same = isDeepStrictEqual(engine, next)
      engine = next
      if (!same) publish()
    },
  }
}
