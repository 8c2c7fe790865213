// Load on a TCP relay: `bulk.ts PORT MIB D|U`: one connection that gets, or sends, so many MiB. Prints `done`.

import { connect } from 'node:net'

const [port = '', mib = '', direction = ''] = process.argv.slice(2)
const bytes = Number(mib) * 2 ** 20
const piece = Buffer.alloc(64 * 1024)
const socket = connect({ port: Number(port), host: '127.0.0.1' })
let left = bytes

socket.write(`${direction}${bytes}\n`)
if (direction === 'U') {
  socket.on('drain', send)
  send()
}
let received = 0
const wanted = direction === 'U' ? 1 : bytes
socket.on('data', (data) => {
  received += data.length
  if (received < wanted) return
  console.log('done')
  socket.destroy()
})

function send(): void {
  while (left > 0) {
    left -= piece.length
    if (!socket.write(piece)) return
  }
}
