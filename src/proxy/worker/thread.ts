import { parentPort, workerData } from 'node:worker_threads'

import { messageOf } from '../../core/errors.ts'
import type { Order, Report, Start } from '../feed.ts'
import type { EntrypointServer, Listener } from '../listener.ts'
import { closeAll, openAll } from '../servers.ts'
import { inbox } from './inbox.ts'
import { planeOf } from './plane.ts'

/*
 * One worker of the data plane. What nobody catches here ends the thread, and the main thread starts another one.
 */

const port = parentPort
if (!port) throw new TypeError('a worker is started by the main thread')
const report = (said: Report) => port.postMessage(said)
const start: Start = workerData
let servers: readonly EntrypointServer[] = []

const orders = inbox(port, start.ordered, take)
const plane = planeOf(start, () => orders.catchUp())

function take(order: Order): void {
  switch (order.kind) {
    case 'edits':
      plane.tables.apply(order)
      return report({ kind: 'applied' })
    case 'leaving':
      return plane.tables.leave(order.pairs)
    case 'tls':
      return plane.tls.use(order.feed)
    case 'checked':
      return plane.checked()
    case 'listen':
      return void listen(order.listeners)
    case 'close':
      return void close()
  }
}

async function listen(listeners: readonly Listener[]): Promise<void> {
  servers = listeners.map(plane.serverOf)
  try {
    const bound = await openAll(servers)
    plane.listening(bound)
    plane.engine.start()
    report({ kind: 'listening', bound })
  } catch (error) {
    report({ kind: 'refused', message: messageOf(error) })
  }
}

/** A reader that stands still is not waited for longer. */
const lastLinesMs = 1000

async function close(): Promise<void> {
  await closeAll(servers, plane.engine, start.drainMs)
  await plane.access?.end(lastLinesMs)
  // ends this thread only
  process.exit()
}

// in place of Node's own listener, which writes to standard error and knows nothing of our log
process.removeAllListeners('warning')
process.on('warning', (warning) => report({ kind: 'warning', message: messageOf(warning) }))
