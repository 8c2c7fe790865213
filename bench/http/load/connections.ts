// Load on a TCP relay: `connections.ts PORT SECONDS CLIENTS`. Each client connects, sends 64 bytes, gets them back, ends,
// and begins anew. Prints how many connections there were.

import { once } from 'node:events'
import { connect } from 'node:net'

const [port = '', seconds = '', clients = ''] = process.argv.slice(2)
const message = Buffer.alloc(64, 'x')
const until = performance.now() + Number(seconds) * 1000
let connections = 0

await Promise.all(Array.from({ length: Number(clients) }, client))
console.log(connections)

async function client(): Promise<void> {
  while (performance.now() < until) await visit()
}

async function visit(): Promise<void> {
  const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true })
  let received = 0
  socket.on('data', (data) => {
    received += data.length
    if (received === message.length) socket.end()
  })
  socket.write(message)
  await once(socket, 'close')
  if (received !== message.length) throw new Error('the answer is not whole')
  connections++
}
