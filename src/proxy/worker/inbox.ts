import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'

import type { Order } from '../feed.ts'

export type Inbox = {
  /**
   * Takes the orders that are there but have not been delivered yet. Called before each look at the table: what the
   * main thread knew before a request came is known here when it is served.
   */
  catchUp(): void
}

/** Hands the orders that come by `port` to `take`, each once and in turn. `ordered` counts them on the other side. */
export function inbox(port: MessagePort, ordered: Int32Array, take: (order: Order) => void): Inbox {
  let taken = 0
  let taking = false

  function next(order: Order): void {
    taken++
    taking = true
    try {
      take(order)
    } finally {
      taking = false
    }
  }

  port.on('message', next)
  return {
    catchUp() {
      // who looks at the table because it is changing sees it as it is
      while (taken !== Atomics.load(ordered, 0) && !taking) {
        const received: { message: Order } | undefined = receiveMessageOnPort(port)
        // counted, and still on its way
        if (!received) return
        next(received.message)
      }
    },
  }
}
