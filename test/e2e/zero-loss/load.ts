import { Agent } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

import { echo, events, get, post, type Way } from './clients.ts'
import type { Asked, Ledger } from './ledger.ts'
import { type Random, randomOf } from './random.ts'
import { services } from './world.ts'

/** What one client does again and again; gives what failed. */
type Client = (random: Random, agent: Agent | undefined, stop: AbortSignal) => Promise<unknown>

/** How many clients of each kind ask each service. */
const clients = {
  [services.pool]: { kept: 3, fresh: 1, postKept: 4, postFresh: 2, poll: 5, events: 2, echo: 3 },
  [services.single]: { kept: 1, fresh: 1, postKept: 2, postFresh: 1, poll: 2, events: 1, echo: 1 },
  [services.deaf]: { kept: 1, fresh: 1, postKept: 2, postFresh: 1, poll: 0, events: 1, echo: 1 },
}
const names = ['kept', 'fresh', 'postKept', 'postFresh', 'poll', 'events', 'echo'] as const
type Name = (typeof names)[number]

const largest = 60_000
const longestWorkMs = 300
const longestPollMs = 1200
const shortestPauseMs = 5
const longestPauseMs = 50

/** Asks all services in all ways, without a pause but for thought, until `stop` aborts; waits for the last answers. */
export async function load(way: Way, book: Ledger, seed: number, stop: AbortSignal): Promise<void> {
  let number = 0
  const running: Promise<void>[] = []
  for (const [service, counts] of Object.entries(clients)) {
    const kinds = kindsOf(way, book, service)
    for (const name of names) {
      for (let at = 0; at < counts[name]; at++) {
        running.push(repeated(kinds[name], randomOf(seed * 1000 + ++number), name, stop))
      }
    }
  }
  await Promise.all(running)
}

async function repeated(client: Client, random: Random, name: string, stop: AbortSignal) {
  // one connection each: that is what is kept, and what the other side may close
  const isKept = !name.toLowerCase().includes('fresh')
  const agent = isKept ? new Agent({ keepAlive: true, maxSockets: 1 }) : undefined
  while (!stop.aborted) {
    await client(random, agent, stop)
    await pause(random.between(shortestPauseMs, longestPauseMs))
  }
  agent?.destroy()
}

function kindsOf(way: Way, book: Ledger, service: string): Record<Name, Client> {
  const noted = async (
    kind: Asked['kind'],
    agent: Agent | undefined,
    ask: (asked: Asked) => Promise<string | undefined>,
  ) => {
    const asked = book.begin(kind, service, agent ? 'kept' : 'fresh')
    book.end(asked, await ask(asked))
  }
  const asks: Client = (_, agent) => noted('GET', agent, (asked) => get(way, asked, 0, agent))
  const posts: Client = (random, agent) => {
    const bytes = Math.ceil(largest ** random.next())
    const ms = random.next() < 0.5 ? 0 : random.between(0, longestWorkMs)
    const options = { bytes, ms, ...(agent ? { agent } : {}) }
    return noted('POST', agent, (asked) => post(way, asked, options))
  }
  return {
    kept: asks,
    fresh: asks,
    postKept: posts,
    postFresh: posts,
    poll: (random, agent) =>
      noted('poll', agent, (asked) => get(way, asked, random.between(100, longestPollMs), agent)),
    events: (_, agent, stop) => noted('events', agent, (asked) => events(way, asked, stop)),
    echo: (_, agent, stop) => noted('websocket', agent, (asked) => echo(way, asked, stop)),
  }
}
