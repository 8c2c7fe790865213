import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import { parentPort } from 'node:worker_threads'

/*
 * A service, and clients that ask for it without end over a few kept connections; in a thread of its own, so that what
 * keeps the test's thread busy is no wait. First it tells the service's port and is told the proxy's; later it tells its
 * numbers whenever it is asked, and begins to count anew.
 */

const main = parentPort
if (!main) throw new TypeError('this is a thread of a test')
const clients = 4
const agent = new Agent({ keepAlive: true, maxSockets: clients })
let numbers = { answers: 0, failures: 0, longestMs: 0 }

async function one(port: number): Promise<void> {
  const began = performance.now()
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const asked = request({ port, host: '127.0.0.1', agent, headers: { host: 'mine' } })
  asked.on('response', (answer) => {
    answer.resume().once('end', () => resolve(answer.statusCode === 200))
  })
  asked.on('error', () => resolve(false))
  asked.end()
  if (await promise) numbers.answers++
  else numbers.failures++
  numbers.longestMs = Math.max(numbers.longestMs, performance.now() - began)
}

const server = createServer((_, response) => response.end('mine'))
server.listen(0, '127.0.0.1')
await once(server, 'listening')
main.postMessage(server.address())
const [port]: number[] = await once(main, 'message')
main.on('message', () => {
  main.postMessage(numbers)
  numbers = { answers: 0, failures: 0, longestMs: 0 }
})
async function client(): Promise<void> {
  for (;;) await one(port ?? 0)
}
await Promise.all(Array.from({ length: clients }, client))
