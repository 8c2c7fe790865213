import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Socket } from 'node:net'

import { unchecked } from './dial.ts'
import type { Target } from './route.ts'

/** The kept connections to one endpoint. */
export type Pool = {
  readonly agent: HttpAgent
  /** Closes the idle ones and keeps none from now on; those in use go on. */
  retire(): void
  /** Takes `retire` back. */
  revive(): void
}

/** Newest first, so that the rest may age and go; less than the 5 s after which most servers close. */
const options = {
  keepAlive: true,
  scheduling: 'lifo',
  maxSockets: 4096,
  maxFreeSockets: 256,
  timeout: 4000,
  noDelay: true,
} as const

export function poolOf({ protocol }: Target): Pool {
  const agent =
    protocol === 'https' ? new HttpsAgent({ ...options, ...unchecked }) : new HttpAgent(options)
  return {
    agent,
    retire() {
      agent.maxFreeSockets = 0
      for (const sockets of Object.values(agent.freeSockets)) {
        for (const socket of sockets ?? []) socket.destroy()
      }
    },
    revive() {
      agent.maxFreeSockets = options.maxFreeSockets
    },
  }
}

/** An agent for one request that is to go over `socket`, which speaks TLS already if `protocol` wants it. */
export function agentFor(socket: Socket, { protocol }: Target): HttpAgent {
  // its kind has to fit, although it connects nowhere: node:https refuses the other one
  const agent =
    protocol === 'https'
      ? new HttpsAgent({ keepAlive: false })
      : new HttpAgent({ keepAlive: false })
  agent.createConnection = () => socket
  return agent
}
