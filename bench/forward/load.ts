// Load, in a process of its own: `load.ts PORT SECONDS CONNECTIONS BYTES`. Each connection sends its next request
// when the answer to the last is whole: a GET, or a POST of BYTES if that is not 0. Sockets, not node:http, because
// what this process uses up the backend beside it doesn't get. Prints how many requests were answered 200, and
// how many not.

import { connect } from 'node:net'

const [port = 0, seconds = 0, connections = 0, bytes = 0] = process.argv.slice(2).map(Number)
const request = bytes === 0 ? head('GET') : `${head('POST', bytes)}${'x'.repeat(bytes)}`
const until = performance.now() + seconds * 1000
const counted = { answered: 0, failed: 0 }

await Promise.all(Array.from({ length: connections }, client))
console.log(JSON.stringify(counted))

function head(method: string, length?: number): string {
  const framing = length === undefined ? '' : `content-length: ${length}\r\n`
  return `${method} /hello HTTP/1.1\r\nhost: bench.localhost\r\n${framing}\r\n`
}

/** Ends when the time is over, or when its connection has failed, which counts as one failed request. */
function client(): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('latin1')
  let received = ''
  socket.on('data', (piece) => {
    received += piece
    if (!isWhole(received)) return
    counted[received.startsWith('HTTP/1.1 200 ') ? 'answered' : 'failed']++
    received = ''
    if (performance.now() < until) socket.write(request)
    else socket.end()
  })
  socket.on('error', () => {})
  socket.write(request)
  return new Promise((resolve) => {
    socket.on('close', () => {
      if (performance.now() < until) counted.failed++
      resolve()
    })
  })
}

/** Whether an answer with a Content-Length is there as a whole; none of the proxies uses another framing here. */
function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(text)?.[1]
  return end !== -1 && length !== undefined && text.length === end + 4 + Number(length)
}
