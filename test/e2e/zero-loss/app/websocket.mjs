import { createHash } from 'node:crypto'

const magic = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const opcodes = { text: 1, close: 8 }

/** Accepts a WebSocket (RFC 6455), says `hello` on it and then what it hears: short messages in one frame each. */
export function accept(request, socket, hello) {
  const key = createHash('sha1').update(`${request.headers['sec-websocket-key']}${magic}`)
  const head = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${key.digest('base64')}`,
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  socket.write(frame(opcodes.text, Buffer.from(hello)))
  let rest = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes])
    while (rest.length >= 6 && rest.length >= 6 + (rest[1] & 0x7f)) {
      const size = rest[1] & 0x7f
      const text = rest.subarray(6, 6 + size).map((byte, at) => byte ^ rest[2 + (at & 3)])
      const isClose = (rest[0] & 0x0f) === opcodes.close
      rest = rest.subarray(6 + size)
      if (isClose) return socket.end(frame(opcodes.close, text))
      socket.write(frame(opcodes.text, text))
    }
  })
  return { goAway: () => socket.end(frame(opcodes.close, Buffer.from([0x03, 0xe9]))) }
}

function frame(opcode, payload) {
  return Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload])
}
