// What the tunnels of this benchmark lead to: on one port, TCP and WebSockets. What begins with GET is a WebSocket:
// each frame that comes is answered by an unmasked one with as much in it. `D` and a number are answered by so many
// bytes, `U` and a number by one byte when so many have come. Anything else comes back as it is. Prints its port.

import { createHash } from 'node:crypto'
import { createServer, type Socket } from 'node:net'

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const piece = Buffer.alloc(64 * 1024)

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy())
  socket.once('data', (first) => {
    const text = first.toString('latin1')
    if (text.startsWith('GET ')) return openWebSocket(socket, text)
    const [, kind, number = ''] = /^([DU])(\d+)\n/.exec(text) ?? []
    const bytes = Number(number)
    if (kind === 'D') return send(socket, bytes)
    if (kind === 'U') return take(socket, bytes, first.length - text.indexOf('\n') - 1)
    socket.write(first)
    socket.on('data', (data) => socket.write(data))
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(address.port)
})

function openWebSocket(socket: Socket, head: string): void {
  const key = /sec-websocket-key: (\S+)/i.exec(head)?.[1] ?? ''
  const accept = createHash('sha1')
    .update(key + guid)
    .digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n` +
      `sec-websocket-accept: ${accept}\r\n\r\n`,
  )
  const size = Number(/bytes=(\d+)/.exec(head)?.[1])
  const answer = frameOf(size)
  // a client's frame has four bytes more: its mask
  const wanted = answer.length + 4
  let open = 0
  socket.on('data', (data) => {
    open += data.length
    for (; open >= wanted; open -= wanted) socket.write(answer)
  })
}

function frameOf(bytes: number): Buffer {
  const head =
    bytes < 126 ? Buffer.from([0x82, bytes]) : Buffer.from([0x82, 126, bytes >> 8, bytes & 255])
  return Buffer.concat([head, Buffer.alloc(bytes)])
}

function send(socket: Socket, bytes: number): void {
  let left = bytes
  const more = () => {
    while (left > 0) {
      const next = left < piece.length ? piece.subarray(0, left) : piece
      left -= next.length
      if (!socket.write(next)) return
    }
    if (left === 0) socket.off('drain', more)
  }
  socket.on('drain', more)
  more()
}

function take(socket: Socket, bytes: number, had: number): void {
  let left = bytes - had
  socket.on('data', (data) => {
    left -= data.length
    if (left <= 0) socket.write('.')
  })
}
