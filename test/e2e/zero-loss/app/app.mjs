// What the load asks. It says on its standard output which requests with consequences it has seen (`seen <id> <ms>`) and
// which it has acted on (`acted <id> <ms>`): a pipe keeps that even if this process is killed in the same moment.
//
// LEAVES says what it does on TERM. `at-once`: accepts nothing more from that moment on, finishes what it has begun and
// exits, as most programs do. `politely`: accepts for a second more. `never`: nothing.

import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

import { accept } from './websocket.mjs'

const replica = hostname()
const streams = new Set()
const sockets = new Set()
let isLeaving = false
let isClosed = false

const server = createServer((request, response) => {
  response.setHeader('x-replica', replica)
  if (isLeaving) response.setHeader('connection', 'close')
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://app')
  if (request.method === 'POST') return void act(request, response, searchParams)
  if (pathname === '/events') return stream(response)
  return void answer(response, Number(searchParams.get('ms') ?? 0), replica)
})

server.on('upgrade', (request, socket) => {
  const one = accept(request, socket, replica)
  if (isClosed) return one.goAway()
  sockets.add(one)
  socket.on('close', () => sockets.delete(one))
})

async function answer(response, ms, text) {
  if (ms > 0) await sleep(ms)
  response.end(text)
}

/** Takes the whole body, acts on it, and says what it was some time later. */
async function act(request, response, parameters) {
  const id = parameters.get('id')
  const hash = createHash('sha1')
  say('seen', id)
  try {
    for await (const piece of request) hash.update(piece)
  } catch {
    return
  }
  say('acted', id)
  await answer(response, Number(parameters.get('ms') ?? 0), hash.digest('hex'))
}

function say(what, id) {
  process.stdout.write(`${what} ${id} ${Date.now()}\n`)
}

function stream(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write('data: 0\n\n')
  if (isClosed) return void response.end()
  streams.add(response)
  const timer = setInterval(() => response.write(`data: ${Date.now()}\n\n`), 50)
  response.on('close', () => {
    clearInterval(timer)
    streams.delete(response)
  })
}

async function leave() {
  isLeaving = true
  if (process.env.LEAVES === 'politely') await sleep(1000)
  isClosed = true
  server.close(() => process.exit(0))
  for (const response of streams) response.end()
  for (const socket of sockets) socket.goAway()
  // connections that were busy when the server was closed
  setInterval(() => server.closeIdleConnections(), 50)
}

// a container's first process gets only signals that it has handlers for
process.once('SIGTERM', () => {
  if (process.env.LEAVES !== 'never') void leave()
})
server.listen(3000)
