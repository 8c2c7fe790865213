// `idle.ts PORT CONNECTIONS`: opens so many, has one request answered on each, keeps them, and prints `open`. Ends when
// its input does.

import { once } from 'node:events'
import { connect } from 'node:net'

const [port = 0, connections = 0] = process.argv.slice(2).map(Number)
const request = 'GET /small HTTP/1.1\r\nhost: bench.localhost\r\n\r\n'
const atOnce = 100

for (let opened = 0; opened < connections; opened += atOnce) {
  await Promise.all(Array.from({ length: atOnce }, open))
}
console.log('open')
await once(process.stdin.resume(), 'end')
process.exit()

async function open(): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write(request)
  await once(socket, 'data')
}
