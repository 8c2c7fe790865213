import { parentPort, workerData } from 'node:worker_threads'

import { messageOf } from '../../core/errors.ts'
import { collectGarbage, collectWhenIdle } from '../../core/garbage.ts'
import type { Order, Report, Start } from '../feed.ts'
import type { Bound, EntrypointServer, Listener } from '../listener.ts'
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
/** By entrypoint. */
const open = new Map<string, { readonly server: EntrypointServer; readonly bound: Bound }>()
/** So many routes come at once only before requests are served, and leave some ten MB behind. */
const many = 1000
let opening = Promise.resolve()

const orders = inbox(port, start.ordered, take)
const plane = planeOf(start, () => orders.catchUp())

function take(order: Order): void {
  switch (order.kind) {
    case 'edits':
      plane.tables.apply(order)
      // when the order itself is no more needed either
      if (order.edits.length >= many) setImmediate(collectGarbage)
      return report({ kind: 'applied' })
    case 'lost':
      return plane.tables.recall(order.lost)
    case 'leaving':
      return plane.tables.leave(order.pairs)
    case 'tls':
      return plane.secure(order)
    case 'checked':
      return plane.checked()
    case 'listen':
      opening = opening.then(() => listen(order.listeners))
      return
    case 'close':
      return void close()
  }
}

async function listen(listeners: readonly Listener[]): Promise<void> {
  const fresh = listeners.filter(({ entrypoint }) => !open.has(entrypoint))
  const servers = fresh.map(plane.serverOf)
  try {
    const bounds = await openAll(servers)
    for (const [at, server] of servers.entries()) {
      const bound = bounds[at]
      if (bound) open.set(bound.entrypoint, { server, bound })
    }
    plane.listening([...open.values()].map(({ bound }) => bound))
    plane.engine.start()
    const bound = listeners.flatMap(({ entrypoint }) => open.get(entrypoint)?.bound ?? [])
    report({ kind: 'listening', bound })
  } catch (error) {
    report({ kind: 'refused', message: messageOf(error) })
  }
}

/** A reader that stands still is not waited for longer. */
const lastLinesMs = 1000

async function close(): Promise<void> {
  await opening
  const servers = [...open.values()].map(({ server }) => server)
  await closeAll(servers, plane.engine, start.drainMs)
  await plane.access?.end(lastLinesMs)
  // ends this thread only
  process.exit()
}

/** Several times in the shortest time after which somebody could take this thread for hanging. */
const beatMs = 100
const beat = () => Atomics.add(start.beats, 0, 1)
// from now on it may be taken for hanging
beat()
// it keeps nobody here: the port does
setInterval(beat, beatMs).unref()
collectWhenIdle()

// in place of Node's own listener, which writes to standard error and knows nothing of our log
process.removeAllListeners('warning')
process.on('warning', (warning) => report({ kind: 'warning', message: messageOf(warning) }))
