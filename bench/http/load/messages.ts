// Load on tunnels: `messages.ts PORT SECONDS CONNECTIONS tcp|websocket BYTES`. Each connection sends its next message
// when the answer to the last is whole. Prints how many round trips there were.

import { connect } from 'node:net'

const [port = '', seconds = '', connections = '', kind = '', size = ''] = process.argv.slice(2)
const bytes = Number(size)
const message = kind === 'websocket' ? maskedFrame() : Buffer.alloc(bytes, 'x')
// the answer has no mask
const wanted = kind === 'websocket' ? message.length - 4 : bytes
const hello =
  `GET /echo?bytes=${bytes} HTTP/1.1\r\nhost: bench.localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n` +
  'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
const until = performance.now() + Number(seconds) * 1000
let trips = 0

await Promise.all(Array.from({ length: Number(connections) }, client))
console.log(trips)

function client(): Promise<void> {
  const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true })
  let open = kind === 'tcp'
  let received = 0
  socket.on('data', (data) => {
    if (!open) {
      if (!data.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error('no WebSocket')
      open = true
      socket.write(message)
      return
    }
    received += data.length
    if (received < wanted) return
    received -= wanted
    trips++
    if (performance.now() < until) socket.write(message)
    else socket.destroy()
  })
  socket.write(open ? message : hello)
  return new Promise((resolve, reject) =>
    socket.once('close', () => resolve()).once('error', reject),
  )
}

function maskedFrame(): Buffer {
  const head =
    bytes < 126
      ? Buffer.from([0x82, 0x80 | bytes])
      : Buffer.from([0x82, 0x80 | 126, bytes >> 8, bytes & 255])
  return Buffer.concat([head, Buffer.alloc(4), Buffer.alloc(bytes)])
}
